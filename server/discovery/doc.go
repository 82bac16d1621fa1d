// Package discovery serves what relying parties read to set themselves up: the
// discovery document (OpenID Connect Discovery 1.0, RFC 8414) and the JWK Set.
// The backend makes both documents; this package does not look into them.
package discovery
