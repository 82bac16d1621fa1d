// Package oauthclient reconciles OAuthClients: it registers a client with the
// server's backend through the management API, imposes its secret, and writes
// the Secret for the application. A backend that has lost its clients gets them
// back with nothing changed for applications.
package oauthclient
