// Package clientauth authenticates clients at the token and revocation
// endpoints (RFC 6749, section 2.3; RFC 7523, section 2.2).
//
// Each client has one method, and only that one is accepted: client_secret_basic,
// client_secret_post, private_key_jwt, or none for public clients. An unknown
// client and a wrong credential give the same answer. Authenticate works on the
// registry's cached client first and on a fresh one when that fails, so that a
// secret or key rotated through another replica works at once.
//
// A client that authenticates with none may send an Authorization header with its
// identifier and an empty password: that presents no credential.
//
// The package must not know grants, tokens or HTTP: keys behind a jwks_uri come
// through a Fetcher.
package clientauth
