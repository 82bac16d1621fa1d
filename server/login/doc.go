// Package login checks passwords: the same work and the same answer whether the
// account exists or not, with delays that grow per account and per address, and
// with a bound on how many memory-hungry hashes are computed at a time.
//
// It knows nothing of pages, sessions or OAuth.
package login
