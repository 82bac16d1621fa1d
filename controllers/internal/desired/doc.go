// Package desired says which objects make up a server: a pure function from the
// resource and what it refers to, one file for each kind of object.
package desired
