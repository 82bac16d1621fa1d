// Package reply writes responses: the tables that turn a backend's action into
// an HTTP response, OAuth error bodies, redirects and forms. It is the only place
// that decides what a client sees when something goes wrong inside.
//
// It does not render pages; web does.
package reply
