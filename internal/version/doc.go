// Package version knows which build this is: the version that the linker was told, or else what the Go toolchain noted in
// the binary. It knows nothing of the binaries that ask.
package version
