// Package token is the token endpoint (RFC 6749, section 3.2). The backend
// authenticates clients and processes grants; of the password grant, the password
// is checked here. No tokens are issued for people who may not log in.
package token
