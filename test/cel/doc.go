// Package cel tests the schema of the custom resources on a real API server:
// every validation rule with an object that it accepts and one that it refuses,
// the printer columns, and the samples.
package cel
