// Package scopes decides which scopes a request is granted. There is one rule for
// the authorization and the token endpoint: what is not known, or not for the
// client or the grant, is dropped; a request of which nothing is left is refused.
// It is pure.
package scopes
