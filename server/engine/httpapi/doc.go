// Package httpapi serves the embedded engine over the wire format of Authlete's
// Web API, in both dialects: 3.0 (/api/{serviceId}/..., a bearer token) and 2.x
// (/api/..., HTTP Basic). The operator manages clients through it, as it manages
// those of Authlete.
//
// There is one service. Every credential that is accepted is for it, in the way of
// its dialect. Callers may send what libraries for Authlete are known to send:
// decode.go says what is taken for what, update.go what a change of a part is.
//
// It knows HTTP and the contract, nothing of how the engine works.
package httpapi
