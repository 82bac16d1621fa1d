// Package userinfo is the userinfo endpoint (OpenID Connect Core 1.0, section 5.3):
// the backend says which claims a token covers, users has their values.
package userinfo
