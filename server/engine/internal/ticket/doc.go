// Package ticket makes and opens the tickets that the embedded engine gives the
// front end while a person decides.
//
// A ticket is the sealed request itself: it is encrypted and authenticated under a
// key that is derived from the key encryption key, so that every replica opens it
// and nobody else makes one. Handing out a ticket stores nothing, because whoever
// asks for one has not been authenticated yet. Only the use of a ticket is
// remembered, until the ticket expires, and a ticket is used only after somebody
// was authenticated.
//
// The package does not know what the requests mean.
package ticket
