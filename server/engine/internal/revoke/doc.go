// Package revoke is the embedded engine's side of the revocation endpoint
// (RFC 7009).
//
// Revoking a refresh token revokes its grant, and with it every access token.
// Revoking an access token revokes that token only (section 2.1 leaves the choice):
// an application that drops a leaked access token goes on with its refresh token.
//
// A token that does not exist, or is not the client's own, is answered like one
// that was revoked, and nothing happens.
package revoke
