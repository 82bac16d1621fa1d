package requestlog

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
)

// Entry is what an endpoint adds to the line of its request.
type Entry struct {
	// Action is the backend's action, Result its result code.
	Action, Result string
	// Client and Subject are who the request is about.
	Client, Subject string

	params []slog.Attr
	// problem and problems are what went wrong inside.
	problem  string
	problems []slog.Attr
}

// Problem notes that something went wrong inside; the line becomes an error.
func (e *Entry) Problem(message, key, value string) {
	e.problem = message
	e.problems = append(e.problems, slog.String(key, value))
}

// Param notes a request parameter. Callers name each parameter that may be logged; codes, tokens, passwords and state
// are never among them.
func (e *Entry) Param(name, value string) {
	if value != "" {
		e.params = append(e.params, slog.String(name, truncate(value)))
	}
}

// Add completes the entry with what was known earlier: what the entry has already stays.
func (e *Entry) Add(earlier Entry) {
	e.Action, e.Result = cmp.Or(e.Action, earlier.Action), cmp.Or(e.Result, earlier.Result)
	e.Client, e.Subject = cmp.Or(e.Client, earlier.Client), cmp.Or(e.Subject, earlier.Subject)
	e.problem = cmp.Or(e.problem, earlier.problem)
	if len(earlier.params) > 0 {
		e.params = append(slices.Clip(earlier.params), e.params...)
	}
	if len(earlier.problems) > 0 {
		e.problems = append(slices.Clip(earlier.problems), e.problems...)
	}
}

// Failed says whether Problem was called; the line is an error then.
func (e *Entry) Failed() bool { return e.problem != "" }

// Attrs appends what is known to the attributes of the line.
func (e *Entry) Attrs(attrs []slog.Attr) []slog.Attr {
	for _, pair := range [...]struct{ key, value string }{
		{"action", e.Action}, {"resultCode", e.Result}, {"client", e.Client}, {"subject", e.Subject}, {"problem", e.problem},
	} {
		if pair.value != "" {
			attrs = append(attrs, slog.String(pair.key, truncate(pair.value)))
		}
	}
	attrs = append(attrs, e.params...)
	return append(attrs, e.problems...)
}

// maxParam bounds a logged value.
const maxParam = 200

func truncate(text string) string {
	if len(text) > maxParam {
		return text[:maxParam]
	}
	return text
}

// Request is what is known of a request before an endpoint sees it. Its context carries it.
type Request struct {
	// RequestID names the request in the log; TraceParent and TraceState are its trace context (W3C), "" if it has none.
	RequestID, TraceParent, TraceState string
	// Address is where the request comes from. Shared says that other people may come from the same address.
	Address string
	Shared  bool
}

type contextKey struct{}

// With returns a context that carries the request.
func With(ctx context.Context, request *Request) context.Context {
	return context.WithValue(ctx, contextKey{}, request)
}

// From returns the request of the context; an empty one outside of requests.
func From(ctx context.Context) *Request {
	if request, ok := ctx.Value(contextKey{}).(*Request); ok {
		return request
	}
	return &Request{}
}
