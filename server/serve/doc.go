// Package serve is the authorization server as a program: it reads the
// configuration file, opens the backend that the file names, builds the server and
// serves its ports until it is told to stop.
//
// It is the only place that puts the server and its backend together.
package serve
