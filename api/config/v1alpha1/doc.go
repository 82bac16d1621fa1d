// Package v1alpha1 is the format of the file that configures the authorization
// server: config.authserver.dev/v1alpha1, kind ServerConfig, and of the user
// files that it reads beside it.
//
// The operator writes these files and the server reads them; both run the same
// Validate. The package is a leaf: it holds data, defaults and validation, does
// no I/O, and imports nothing else of this project.
package v1alpha1
