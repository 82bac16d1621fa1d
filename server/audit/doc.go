// Package audit collects what is said about a request in its one log line.
// Endpoints name each parameter that may be logged: codes, tokens, passwords and
// state are never among them. It does not write the line; middleware does.
package audit
