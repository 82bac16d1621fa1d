// Package ports opens the ports of a program, with or without TLS, and serves
// them until the program is told to stop: it drains, stops listening, and finishes
// the requests that are being answered.
//
// It does not know what the handlers do.
package ports
