// Package release tests what hack/release/release.sh writes: that nothing is
// missing, that what is in it belongs together, and that another folder gives
// the same bytes. It needs the tools that `make test-release` builds.
package release
