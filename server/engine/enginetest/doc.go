// Package enginetest is the behavior that every backend of the Authlete contract
// must show: the flows from authorization request to userinfo, with what the
// specifications say must be refused. It drives a backend through the contract
// alone, so that the embedded engine is held to the same words in process, on
// each of its stores, and across the wire.
package enginetest
