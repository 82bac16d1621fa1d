// Package e2e holds the end-to-end tests: user stories on a real node with the
// operator installed, driven through client libraries that this project did not
// write. `make e2e` brings up what they need.
package e2e
