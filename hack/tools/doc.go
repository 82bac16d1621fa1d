// Package tools pins the versions of the tools that build and check this project: see the tool lines of go.mod.
package tools
