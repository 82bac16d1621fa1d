// Package oauth is the vocabulary of the embedded engine: error codes, the error
// value from which response content is made, and the conversions between the
// spellings of the RFCs and of the Authlete API. It is a leaf without I/O.
package oauth
