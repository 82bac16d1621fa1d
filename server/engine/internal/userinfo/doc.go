// Package userinfo is the embedded engine's side of the userinfo endpoint (OpenID
// Connect Core 1.0, section 5.3): the calls auth/userinfo, which names the claims
// to return, and auth/userinfo/issue, which builds the response from their values.
//
// Which claims a scope stands for is in the package issue; the values are the
// front end's.
package userinfo
