// Package introspect is the introspection endpoint (RFC 7662). Resource servers
// that the configuration names ask about access tokens; clients ask about their
// own tokens, with their own credentials. All else is inactive for them. What
// the backend says is completed here with what it does not know: people, and the
// subject of a token that a client got for itself.
package introspect
