package requestlog

import (
	"context"
	"log/slog"
)

// Record is what an endpoint adds to the line of its request. It belongs to one
// request and is not safe for concurrent use.
type Record struct {
	// Action is the backend's action, Result its result code.
	Action, Result string
	// Client and Subject are who the request is about.
	Client, Subject string
	// RequestID names the request in the log; TraceParent and TraceState are its trace context (W3C), "" if it has none.
	RequestID, TraceParent, TraceState string
	// Address is where the request comes from. Shared says that it is a proxy's, who may speak for anybody.
	Address string
	Shared  bool

	params []slog.Attr
	// problem and problems are what went wrong inside.
	problem  string
	problems []slog.Attr
}

// Address returns where the request of the context comes from; "" if only a proxy's address is known.
func Address(ctx context.Context) string {
	record := From(ctx)
	if record.Shared {
		return ""
	}
	return record.Address
}

type contextKey struct{}

// With returns a context that carries the record.
func With(ctx context.Context, record *Record) context.Context {
	return context.WithValue(ctx, contextKey{}, record)
}

// From returns the record of the request; one that nobody reads outside of a request.
func From(ctx context.Context) *Record {
	if record, ok := ctx.Value(contextKey{}).(*Record); ok {
		return record
	}
	return &Record{}
}

// Note takes over the outcome of a backend call.
func (r *Record) Note(action, result string) { r.Action, r.Result = action, result }

// Problem notes that something went wrong inside; the line becomes an error.
func (r *Record) Problem(message, key, value string) {
	r.problem = message
	r.problems = append(r.problems, slog.String(key, value))
}

// Param notes a request parameter. Callers name each parameter that may be logged; codes, tokens, passwords and state
// are never among them.
func (r *Record) Param(name, value string) {
	if value != "" {
		r.params = append(r.params, slog.String(name, truncate(value)))
	}
}

// maxParam bounds a logged parameter.
const maxParam = 200

func truncate(text string) string {
	if len(text) > maxParam {
		return text[:maxParam]
	}
	return text
}

// Failed says whether Problem was called; the line is an error then.
func (r *Record) Failed() bool { return r.problem != "" }

// Attrs appends what is known to the attributes of the line.
func (r *Record) Attrs(attrs []slog.Attr) []slog.Attr {
	for _, pair := range [...]struct{ key, value string }{
		{"action", r.Action}, {"resultCode", r.Result}, {"client", r.Client}, {"subject", r.Subject}, {"problem", r.problem},
	} {
		if pair.value != "" {
			attrs = append(attrs, slog.String(pair.key, truncate(pair.value)))
		}
	}
	attrs = append(attrs, r.params...)
	return append(attrs, r.problems...)
}
