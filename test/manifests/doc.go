// Package manifests checks what is applied to clusters by hand, and what the
// documentation says of it.
package manifests
