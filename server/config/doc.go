// Package config loads the server's configuration file and the secrets that it
// names. It decodes strictly: a field that it does not know is an error that names
// it. Its errors do not show what is in a secret file.
//
// What stays up to date while files change is livefile's.
package config
