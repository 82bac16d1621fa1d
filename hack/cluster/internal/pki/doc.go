// Package pki makes the certificates, keys and kubeconfigs of a node. It does
// not know which of them a node needs.
package pki
