// Package authorize is the authorization endpoint and the decision endpoint: it
// asks the backend what to do with a request, shows the login and consent page
// where a person must decide, and sends the backend's answer to the client.
//
// The state of an interaction travels in the page's form, sealed and bound to the
// browser, so that two tabs never mix and any replica serves the next step. Pure
// functions decide (decide.go); handlers do the rest.
package authorize
