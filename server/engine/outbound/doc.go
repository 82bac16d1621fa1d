// Package outbound fetches documents that a client's registration names, such as
// the keys behind a jwks_uri, without letting the registration aim the server at
// its own network (server-side request forgery).
//
// It is one of the engine's two packages that know HTTP. It must not know what
// the documents mean.
package outbound
