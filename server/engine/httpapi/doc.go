// Package httpapi serves the embedded engine over the wire format of Authlete's
// Web API, in both dialects: 3.0 (/api/{serviceId}/..., a bearer token) and 2.x
// (/api/..., HTTP Basic). The operator manages clients through it, as it manages
// those of Authlete.
//
// There is one service and one credential: the token is the password of the 2.x
// dialect too, and neither service number nor user name is looked at.
//
// It knows HTTP and the contract, nothing of how the engine works.
package httpapi
