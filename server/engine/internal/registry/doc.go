// Package registry holds what the engine knows of its clients and its own
// settings, as the store has them, with a short-lived cache in front: replicas
// on one database agree within two seconds.
//
// It seals client secrets before they reach the store. It knows nothing of
// requests.
package registry
