// Package web renders the pages: plain HTML that works without scripts, with one
// style sheet that is embedded and allowed by its hash. Pages are rendered whole
// before the first byte is sent.
//
// It knows nothing of requests, sessions or backends; its input is page data.
package web
