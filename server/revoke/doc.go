// Package revoke is the revocation endpoint (RFC 7009). The backend authenticates
// clients and knows tokens.
package revoke
