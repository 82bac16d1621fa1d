// Package release pins the tools of a release: cyclonedx-gomod, which writes the
// bills of materials, and actionlint, which checks the workflows. It holds no
// code; release.sh beside it makes the release.
package release
