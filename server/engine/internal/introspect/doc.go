// Package introspect answers questions about tokens: the calls auth/introspection,
// which tells a resource server whether an access token is good for what it needs,
// and auth/introspection/standard, which is RFC 7662.
//
// A token that is unknown, expired or revoked, or whose client is gone or locked,
// is one case for the caller: not active. client_id is the alias where the client
// has one, because that is what applications know.
//
// Who may introspect is decided by the caller of the API.
package introspect
