// Package livefile keeps a value that is read from files up to date while the
// files change. Where Kubernetes mounts them, a change swaps a symbolic link;
// where a person edits them, the file itself changes: watching the folders sees
// both, and reading again now and then covers what watching misses.
//
// A change that cannot be read keeps the last good value and is logged, once.
// The package does not know what the files hold.
package livefile
