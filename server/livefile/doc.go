// Package livefile reads files of bounded size, and keeps values that are read
// from files up to date while the files change. Where Kubernetes mounts them, a
// change swaps a symbolic link; where a person edits them, the file itself
// changes: watching the folders sees both, and reading again from time to time
// covers what watching misses.
//
// A change that cannot be read keeps the last good value and is logged, once.
// Certificates with their keys are the only content that the package knows.
package livefile
