// Command authserver is two programs: "serve", the default, is the authorization
// server, and "engine" is the embedded engine alone, as a stand-in for Authlete.
// It links no Kubernetes client.
package main
