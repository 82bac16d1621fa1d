// Package health answers probes and knows whether the server is about to stop. It
// does not know what readiness depends on.
package health
