// Package issue mints what the embedded engine hands out: authorization codes,
// tickets, access and refresh tokens, and ID tokens.
//
// It also owns the two documents that the authorization side writes into the
// store and the token side reads back: GrantDetails and CodeRequest. It decides
// nothing: whether a client may have a token is the business of the packages
// authorize and token, and it never writes to the store.
package issue
