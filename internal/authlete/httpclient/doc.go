// Package httpclient speaks the Authlete Web API 3.0 over HTTP: to Authlete, or
// to the management port of a server with the embedded engine.
//
// Calls that only read are repeated after a lost connection and after 429, 502,
// 503 and 504; calls that change or consume something never are.
package httpclient
