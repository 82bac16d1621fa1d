// Package embeddedbackend is the embedded engine as the backend of this server:
// the engine with its storage and keys as the configuration says, and the port on
// which the operator manages it.
//
// It knows nothing of endpoints, nor of Authlete, which is the other backend.
package embeddedbackend
