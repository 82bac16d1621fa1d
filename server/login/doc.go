// Package login checks passwords: the same work and the same answer whether the
// account exists or not, with delays that grow after wrong passwords, and with a
// bound on the memory and the number of hashes that are computed at a time.
//
// Failures are counted in leaky buckets: for an account at one network, and more
// softly for the account and for the network alone. A browser in which the
// account's owner logged in before has a bucket of its own. The counts are those of
// one process.
//
// It knows nothing of pages, cookies or OAuth.
package login
