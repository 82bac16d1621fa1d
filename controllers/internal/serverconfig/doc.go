// Package serverconfig renders the configuration file of a server from its
// resource. It is pure, and checks its own work with the Validate that the server
// runs, so that a bad spec becomes a condition and not a crash loop.
package serverconfig
