// Package memory keeps the engine's records in this process. They end with it:
// it serves tests, demos and servers whose tokens may be lost at a restart.
//
// Everything that is found by a hash lies in a table: shards with a lock each,
// records in slabs that the garbage collector seldom walks, expiry in buckets.
// A grant has a lock of its own, which guards its codes and refresh tokens; who
// consumes one holds it from the check to the last write.
//
// Locks are taken in this order: a grants shard, a grant, any other shard, the
// owner index. Memory that a burst took is used again, but not given back.
package memory
