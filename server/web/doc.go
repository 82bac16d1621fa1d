// Package web renders the pages: plain HTML that works without scripts, with one
// style sheet that is embedded and allowed by its hash. A page is rendered whole,
// with the Content-Security-Policy that it needs; reply sends it.
//
// It knows nothing of requests, sessions or backends; its input is page data.
package web
