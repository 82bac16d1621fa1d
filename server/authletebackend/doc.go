// Package authletebackend is Authlete as the backend of this server: the client of its
// API with credentials, certificates and timeouts from the configuration, the
// documents that relying parties read, kept for the time that Authlete is away,
// and metrics of it all.
//
// It knows nothing of endpoints, nor of the embedded engine, which is the other
// backend.
package authletebackend
