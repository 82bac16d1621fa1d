// Package credentials reads what it takes to call Authlete: which API version,
// where, and as whom. The names are those of authlete.ini, the configuration file
// of Authlete's own libraries, whether they stand in such a file or are keys of a
// Kubernetes Secret.
//
// It knows neither HTTP nor where its input comes from, and never puts a value
// into an error.
package credentials
