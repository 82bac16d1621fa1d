// Package store is what the embedded engine remembers: clients, service
// settings, signing keys, codes and tokens.
//
// Store exposes verbs instead of rows, so that atomicity is part of each
// signature: a verb that consumes something does so in one conditional step and
// succeeds for exactly one of any number of parallel callers. The packages
// memory and sqlstore implement it; storetest is the contract that both pass.
//
// Stores keep times to the millisecond. Hashes and grant ids are fresh random
// values: what happens when one is stored twice is not defined. A record that a
// verb returns may share memory with the store, so callers must not change what
// its slices hold; what a caller passes in, the store copies.
//
// The package knows nothing of OAuth messages, JOSE or HTTP. Tokens, codes and
// tickets reach it as hashes only, secrets and private keys only encrypted.
package store
