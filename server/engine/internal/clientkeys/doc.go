// Package clientkeys owns what counts as a public key of a client: the one list
// of algorithms, which key may verify which of them, and how a JWK Set is read.
// Registration, discovery and verification read it; a test compares the custom
// resource's schema with it. It must not know requests, the store or HTTP.
package clientkeys
