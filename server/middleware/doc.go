// Package middleware surrounds the endpoints: request id, security headers,
// bounded bodies and time, metrics, the one log line per request, recovery from
// panics, and who the caller is behind trusted proxies.
//
// It does not know what an endpoint does.
package middleware
