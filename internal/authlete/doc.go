// Package authlete is the Authlete Web API contract: the request and response
// structures of the calls that this project makes, the actions with which the
// API answers, and the interfaces that a backend implements.
//
// Two implementations satisfy the interfaces: the HTTP client in the package
// httpclient (Authlete itself, or the embedded engine's management port) and
// the embedded engine in server/engine. Field names are those of the API (see
// the OpenAPI documents of Authlete 2.3 and 3.0); enumerations are string types
// so that a value unknown to this version survives a round trip, and the objects
// that are read, changed and written back keep the members that it does not know.
// The package credentials reads where to call the API and as whom.
//
// The package is a leaf: it knows nothing of HTTP handlers, storage, Kubernetes
// or any other package of this project.
package authlete
