// Package opm pins the version of opm, which renders and validates file-based catalogs: see the tool line of go.mod. It
// has a module of its own because of what opm depends on.
package opm
