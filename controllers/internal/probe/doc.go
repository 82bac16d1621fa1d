// Package probe asks a server whether it works: its backend through the
// management API, and its discovery document through the public Service.
//
// It knows nothing of conditions: what an answer means for the resource is its
// reconciler's to say.
package probe
