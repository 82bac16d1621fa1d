// Package programtest has what tests of whole programs share: output that can be
// read while it is written, conditions that are waited for, and certificates.
package programtest
