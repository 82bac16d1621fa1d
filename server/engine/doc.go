// Package engine is the embedded protocol engine: it answers the calls of the
// Authlete API in this process, from a store of its own.
//
// Its parts lie below internal/; what it shares with the rest of the server is
// the contract of internal/authlete. It knows no endpoints, pages, configuration
// files or Kubernetes, and no HTTP, httpapi and outbound excepted.
package engine
