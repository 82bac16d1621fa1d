// Package basicauth reads HTTP Basic credentials as OAuth clients send them: both
// parts form-encoded (RFC 6749, section 2.3.1). It does not judge them.
package basicauth
