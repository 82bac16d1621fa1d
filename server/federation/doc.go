// Package federation is the endpoint with the entity configuration of the server
// (OpenID Federation 1.0, section 9). It relays what the backend has signed, and
// does not know what is in it.
package federation
