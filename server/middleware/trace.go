package middleware

import (
	"net/http"
	"strings"
)

// Form of a trace context (W3C Trace Context, sections 3.2 and 3.3).
const (
	traceParentLength = 55 // version, trace ID, parent ID and flags in hexadecimal, with hyphens between them
	maxTraceState     = 512
)

// trace returns the trace context of a request, to be forwarded as it is: this server adds no spans of its own. One of
// another form is dropped.
func trace(header http.Header) (parent, state string) {
	values := header["Traceparent"]
	if len(values) != 1 || !isTraceParent(values[0]) {
		return "", ""
	}
	state = strings.Join(header["Tracestate"], ",")
	if len(state) > maxTraceState || strings.ContainsFunc(state, func(c rune) bool { return c < ' ' || c > '~' }) {
		state = ""
	}
	return values[0], state
}

func isTraceParent(text string) bool {
	if len(text) != traceParentLength || text[:2] == "ff" {
		return false
	}
	for i, c := range []byte(text) {
		hyphen := i == 2 || i == 35 || i == 52
		if hyphen != (c == '-') || (!hyphen && !strings.ContainsRune("0123456789abcdef", rune(c))) {
			return false
		}
	}
	return strings.Trim(text[3:35], "0") != "" && strings.Trim(text[36:52], "0") != ""
}
