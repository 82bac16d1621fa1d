// Package bearer judges access tokens: it is what introspection and the userinfo
// endpoint have in common. It must not know how either of them answers.
package bearer
