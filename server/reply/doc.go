// Package reply describes responses as values and writes them.
//
// An Endpoint takes a request and returns an Answer: content, a redirect, a page,
// nothing, or a failure with its cause, each with what belongs into the log. Serve
// writes an Answer; nothing else touches the ResponseWriter. Tables turn the
// actions of backend calls into Answers.
//
// It is the only place that decides what a client sees when something goes wrong
// inside. It does not render pages; web does.
package reply
