// Package authorize is the authorization endpoint's half of the embedded engine:
// it validates authorization requests, keeps them behind tickets, and turns the
// front end's decision into the response for the client.
//
// Validation is pure; only Endpoint touches the store. The package knows no
// token requests and no HTTP.
package authorize
