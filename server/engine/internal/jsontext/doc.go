// Package jsontext writes small JSON objects without reflection.
//
// Token and introspection responses are built for every request, have a fixed
// shape and mostly carry strings of the engine's own making; encoding/json costs
// more there than the rest of the work. The package knows JSON (RFC 8259) only.
package jsontext
