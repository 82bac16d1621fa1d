// Package introspect is the introspection endpoint (RFC 7662). Its callers are
// resource servers that the configuration names; they authenticate. It does not
// know what a token is.
package introspect
