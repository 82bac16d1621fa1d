// Package authletego lets a client that this project did not write, Authlete's own
// library for Go, drive the stand-in over HTTP, in the dialect 2.x.
//
// It has tests only, and nothing else may import the library.
package authletego
