// Package memory keeps the engine's records in this process. They end with it:
// it serves tests, demos and servers whose tokens may be lost at a restart.
//
// Access tokens, the bulk of the records and the hot path, lie in shards with a
// lock each; everything else lies behind one lock.
package memory
