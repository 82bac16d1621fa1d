// Package clientimport writes OAuthClients for clients that a backend has. It is
// the other direction of controllers/internal/settings: what it names of a client
// is what the backend has, so that an imported object declares no difference.
//
// It reads clients only, and no client secret leaves it.
package clientimport
