// Package chart tests the Helm chart: that it deploys what config/ deploys,
// that the tools which people check charts with find nothing, and that Helm
// installs, upgrades and uninstalls it on a real API server.
//
// The tests run the tools that `make test-chart` builds into bin/, and are
// skipped where they are not there.
package chart
