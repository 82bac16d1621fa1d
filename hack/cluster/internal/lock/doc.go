// Package lock lets one process of a kind work at a time. The lock is an
// abstract Unix socket: the kernel frees it when its holder ends, however that
// happens, and nothing is left on the disk.
package lock
