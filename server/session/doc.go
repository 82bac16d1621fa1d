// Package session seals what the server asks browsers to keep: login sessions in
// cookies, interactions in form fields. Nothing is stored on the server, so that
// any replica serves any request.
//
// A sealed value is encrypted and authenticated with a key of the ring and bound
// to its purpose: one cannot be passed off as another.
package session
