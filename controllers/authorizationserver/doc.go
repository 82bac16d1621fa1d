// Package authorizationserver reconciles AuthorizationServers: it checks the
// resource and what it refers to, applies the objects that make up the server,
// has the kubelet refresh mounted Secrets at once, and says Ready only when the
// running server has proved that it works.
package authorizationserver
