// Package standin is the embedded engine as a program of its own: an offline
// stand-in for Authlete, which serves the calls of the Web API that the engine
// knows to any front end (docs/engine.md).
package standin
