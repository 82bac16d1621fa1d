// Package credentials makes the credentials of a server, once: the session key
// ring, the key that encrypts the engine's secrets at rest, and the token and
// certificate of the management API. Existing ones are kept until a rotation is
// asked for, or a certificate comes near its end.
package credentials
