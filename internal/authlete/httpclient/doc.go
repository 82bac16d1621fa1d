// Package httpclient speaks the Authlete Web API over HTTP, in its dialects 2.x
// and 3.0: to Authlete, or to a server with the embedded engine.
//
// Calls that only read are repeated after a lost connection and after 429, 502,
// 503 and 504, as far as the caller's deadline lets them; calls that change or
// consume something never are, not even by the transport. Only a 401 is answered
// by another attempt of any call, if there are other credentials meanwhile: what
// was refused for its credentials was not processed.
//
// A circuit breaker answers for a backend that does not. The package knows what
// the API's calls look like on the wire, and nothing of what they are made for.
package httpclient
