// Command authserver is the authorization server. It reads one configuration
// file and links no Kubernetes client. Its command "engine" runs the embedded
// engine alone, as a stand-in for Authlete.
//
// It is the only place that puts the server and the embedded engine together, opens
// ports and ends politely: not ready, still serving, then no new connections, then
// the last requests.
package main
