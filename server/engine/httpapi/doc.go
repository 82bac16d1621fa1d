// Package httpapi serves the embedded engine over the wire format of Authlete's
// Web API 3.0: /api/{serviceId}/..., JSON, a bearer token. The operator manages
// clients through it, as it manages those of Authlete.
//
// It knows HTTP and the contract, nothing of how the engine works.
package httpapi
