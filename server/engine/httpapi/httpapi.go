package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
)

// maxBody bounds a request.
const maxBody = 1 << 20

// Backend is what the API serves.
type Backend interface {
	authlete.Runtime
	authlete.Management
}

// Options configure a Handler.
type Options struct {
	Backend Backend
	// Token returns the bearer token that callers must present; it is asked at each call. An empty one opens nothing.
	Token func() string
	Log   *slog.Logger
}

// Handler serves the API.
type Handler struct {
	backend Backend
	token   func() string
	log     *slog.Logger
	mux     *http.ServeMux
}

// New returns a handler.
func New(opts Options) *Handler {
	h := &Handler{backend: opts.Backend, token: opts.Token, log: opts.Log, mux: http.NewServeMux()}
	h.routes(h.mux)
	h.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusNotFound, authlete.Result{ResultCode: "E001203", ResultMessage: "[E001203] there is no such API"})
	})
	return h
}

// ServeHTTP authenticates the caller and serves the call.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !h.authenticated(r) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="management"`)
		writeError(w, http.StatusUnauthorized, authlete.Result{ResultCode: "E001202", ResultMessage: "[E001202] the bearer token is missing or wrong"})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	h.mux.ServeHTTP(w, r)
}

// authenticated compares digests, so that neither content nor length of the token shows in the time it takes.
func (h *Handler) authenticated(r *http.Request) bool {
	scheme, presented, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	want := h.token()
	a, b := sha256.Sum256([]byte(presented)), sha256.Sum256([]byte(want))
	return strings.EqualFold(scheme, "Bearer") && want != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// handle mounts a call below the service.
func (h *Handler) handle(mux *http.ServeMux, method, path string, serve func(context.Context, *http.Request) (any, error)) {
	mux.HandleFunc(method+" /api/{service}/"+path, func(w http.ResponseWriter, r *http.Request) {
		result, err := serve(r.Context(), r)
		if err != nil {
			h.fail(w, r, path, err)
			return
		}
		write(w, result)
	})
}

// mount mounts a call that takes and returns JSON.
func mount[In, Out any](h *Handler, mux *http.ServeMux, method, path string, call func(context.Context, *In) (*Out, error)) {
	h.handle(mux, method, path, func(ctx context.Context, r *http.Request) (any, error) {
		in := new(In)
		if err := decode(r, in); err != nil {
			return nil, err
		}
		return call(ctx, in)
	})
}

// fail answers with the API's form of an error; what is not the caller's fault is logged and not told.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, call string, err error) {
	var refused *authlete.Error
	if errors.As(err, &refused) && refused.Status != 0 {
		writeError(w, refused.Status, refused.Result)
		return
	}
	h.log.ErrorContext(r.Context(), "Management call failed", "call", call, "error", err)
	writeError(w, http.StatusInternalServerError, authlete.Result{ResultCode: "E001101", ResultMessage: "[E001101] the engine could not serve the call"})
}

// decode reads a JSON body.
func decode(r *http.Request, into any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return &authlete.Error{Status: http.StatusRequestEntityTooLarge, Result: authlete.Result{ResultCode: "E001204", ResultMessage: "[E001204] the body is too large"}}
	}
	if err := json.Unmarshal(body, into); err != nil {
		return &authlete.Error{Status: http.StatusBadRequest, Result: authlete.Result{ResultCode: "E001205", ResultMessage: "[E001205] the body is not the JSON that the call takes"}}
	}
	return nil
}

// document is JSON that is written as it is.
type document []byte

func raw(doc []byte, err error) (any, error) { return document(doc), err }

// span reads start and end of a list.
func span(r *http.Request) (start, end int, err error) {
	start, end = 0, 5 // the API's defaults
	for name, target := range map[string]*int{"start": &start, "end": &end} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		if *target, err = strconv.Atoi(text); err != nil {
			result := authlete.Result{ResultCode: "E202302", ResultMessage: "[E202302] " + name + " is not a number"}
			return 0, 0, &authlete.Error{Status: http.StatusBadRequest, Result: result}
		}
	}
	return start, end, nil
}

func write(w http.ResponseWriter, result any) {
	if result == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	body, ok := result.(document)
	if !ok {
		var err error
		if body, err = json.Marshal(result); err != nil {
			writeError(w, http.StatusInternalServerError, authlete.Result{ResultCode: "E001102", ResultMessage: "[E001102] the answer could not be encoded"})
			return
		}
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = w.Write(body) // the caller is gone if this fails
}

func writeError(w http.ResponseWriter, status int, result authlete.Result) {
	body, err := json.Marshal(result)
	if err != nil {
		body = []byte("{}") // cannot happen: two strings
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller is gone if this fails
}
