// Package requestlog collects what is logged about a request: one line for each.
// Endpoints name each parameter that may be logged: codes, tokens, passwords and
// state are never among them. It does not write the line; middleware does.
package requestlog
