// Package form reads the form bodies of the endpoints that clients call, as they
// came: the backend parses them.
package form
