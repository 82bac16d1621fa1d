// Package clients runs clients that this project did not write, in their own
// languages and with their own defaults, against the whole server: login,
// refresh, userinfo, groups, introspection and revocation, as a client that the
// operator registers with its defaults.
//
// A client is a program in node, python or go. It prints the URL at which it
// wants a person to log in; the test does that in a browser without scripts and
// answers with the URL to which the browser was sent; then the program prints
// what it found.
package clients
