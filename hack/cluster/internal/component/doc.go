// Package component says how each process of the node is run: command line,
// configuration file, where it answers for its health. It is pure: it starts
// and writes nothing.
package component
