package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Paths that anybody may call, in both dialects.
const (
	callInfo        = "info"
	callEcho        = "misc/echo"
	callHealthcheck = "lifecycle/healthcheck"
)

// Paths of calls about services in general, the same in both dialects.
const (
	callCreate = "service/create"
	callList   = "service/get/list"
)

// text is a plain answer.
type text string

// general are the routes that are about no service, or about services that there cannot be.
func (h *Handler) general() []route {
	routes := []route{
		{method: http.MethodGet, call: callInfo, unnumbered: true, serve: func(context.Context, *http.Request) (any, error) { return info{}, nil }},
		{method: http.MethodGet, call: callEcho, unnumbered: true, serve: func(_ context.Context, r *http.Request) (any, error) { return echoed(r), nil }},
		{method: http.MethodGet, call: callHealthcheck, unnumbered: true, serve: func(context.Context, *http.Request) (any, error) { return text("OK"), nil }},
	}
	for _, refused := range []route{
		{method: http.MethodPost, call: callCreate, unnumbered: true},
		{method: http.MethodGet, call: callList, unnumbered: true},
		{method: http.MethodDelete, call: "service/delete", suffix2: "/{service}"},
	} {
		refused.serve = func(context.Context, *http.Request) (any, error) {
			return nil, refusal(http.StatusForbidden, "E001208", "there is one service here: it can be read and changed, not created, listed or deleted")
		}
		routes = append(routes, refused)
	}
	return routes
}

// echoed are the parameters of a request.
func echoed(r *http.Request) map[string]string {
	parameters := map[string]string{}
	for name := range r.URL.Query() {
		parameters[name] = r.URL.Query().Get(name)
	}
	return parameters
}

// echo answers with the parameters of the request.
func echo(w http.ResponseWriter, r *http.Request) { write(w, echoed(r)) }

// info is what the API says of itself: the dialect of answers, and none of the optional features.
type info struct{}

// MarshalJSON writes the members that callers look for.
func (info) MarshalJSON() ([]byte, error) { return []byte(`{"version":"3.0","features":[]}`), nil }

// read serves a document.
func read(call func(context.Context) ([]byte, error)) func(context.Context, *http.Request) (any, error) {
	return func(ctx context.Context, r *http.Request) (any, error) {
		pretty, err := documentOptions(r)
		if err != nil {
			return nil, err
		}
		doc, err := call(ctx)
		if err != nil || !pretty {
			return document(doc), err
		}
		var indented bytes.Buffer
		err = json.Indent(&indented, doc, "", "  ")
		return document(indented.Bytes()), err
	}
}

// documentOptions reads how a document is wanted, from the query or from a body that may be empty.
func documentOptions(r *http.Request) (pretty bool, err error) {
	options := struct {
		Pretty bool   `json:"pretty"`
		Patch  string `json:"patch"`
	}{Patch: r.URL.Query().Get("patch")}
	if given := r.URL.Query().Get("pretty"); given != "" {
		if options.Pretty, err = strconv.ParseBool(given); err != nil {
			return false, refusal(http.StatusBadRequest, "E001209", "pretty must be true or false")
		}
	}
	if r.Method == http.MethodPost {
		body, err := readBody(r)
		if err != nil {
			return false, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if len(bytes.TrimSpace(body)) > 0 {
			if err := decode(r, &options); err != nil {
				return false, err
			}
		}
	}
	if options.Patch != "" {
		return false, refusal(http.StatusBadRequest, "E001210", "patches of documents are not supported")
	}
	return options.Pretty, nil
}

// unmatched answers what no route matches: a call with a method that it does not have, or none at all. It logs the call, so
// that it can be seen what a front end misses.
func (h *Handler) unmatched(w http.ResponseWriter, r *http.Request) {
	h.log.WarnContext(r.Context(), "API call not answered", "method", bounded(r.Method), "path", bounded(r.URL.Path), "remote", r.RemoteAddr)
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		if _, pattern := h.mux.Handler(&http.Request{Method: method, URL: r.URL}); strings.HasPrefix(pattern, method+" ") {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		writeRefusal(w, noSuchAPI())
		return
	}
	allow := strings.Join(allowed, ", ")
	w.Header().Set("Allow", allow)
	writeRefusal(w, refusal(http.StatusMethodNotAllowed, "E001211", "the call is made with %s", allow))
}

// bounded returns the beginning of a text that a caller chose, for the log.
func bounded(text string) string {
	const most = 200
	if len(text) > most {
		return text[:most]
	}
	return text
}

// errOutside is for calls of another service than the caller's.
var errOutside = errors.New("another service")

// refuse answers a caller without good credentials, or with those of another service.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, cause error) {
	h.log.WarnContext(r.Context(), "API call refused", "remote", r.RemoteAddr)
	if errors.Is(cause, errOutside) {
		writeRefusal(w, refusal(http.StatusForbidden, "E001215", "the credential is one of another service"))
		return
	}
	scheme := "Bearer"
	if version2(r.URL.Path) {
		scheme = "Basic"
	}
	w.Header().Set("WWW-Authenticate", scheme+` realm="management"`)
	writeRefusal(w, refusal(http.StatusUnauthorized, "E001202", "the credential is missing or wrong"))
}
