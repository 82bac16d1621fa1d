// Package logging builds the structured logger of both binaries: lines of JSON or text from a level up.
//
// Messages are constant and begin with a capital; keys are lowerCamel, and an error is "error". The linter holds both.
//
// It knows neither controllers nor the server. The bridge to logr, which controllers speak, is made in cmd/operator, so
// that the server does not link it.
package logging
