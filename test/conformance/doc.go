// Package conformance asserts what the modules of the OpenID Foundation's
// certification plans assert of an OpenID provider: one test per module of the
// basic, implicit, hybrid and form post plans, in our own words, against the
// whole server in process, with the engine embedded and called over HTTP in
// both dialects of Authlete's Web API. What the Foundation's suite reports as
// a warning is a failure here. docs/conformance.md lists the modules.
package conformance
