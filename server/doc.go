// Package server is the authorization server: it builds every endpoint from one
// configuration and mounts it (routes.go). Endpoints see the backend through
// small interfaces; only cmd/authserver knows which backend it is.
package server
