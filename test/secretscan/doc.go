// Package secretscan searches text for secrets, in every spelling in which they
// could have got there: as they are, quoted, escaped, in hexadecimal, or in
// base64 at any alignment. Tests give it the secrets that they used and
// everything that was written.
//
// It knows neither Kubernetes nor what the secrets are for.
package secretscan
