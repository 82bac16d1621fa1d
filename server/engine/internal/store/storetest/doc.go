// Package storetest is the contract of store.Store. Every implementation passes
// Run, with the race detector on, and agrees with the others in Compare.
// Benchmark measures the verbs on the hot paths.
package storetest
