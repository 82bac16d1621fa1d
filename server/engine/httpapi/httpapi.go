package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
)

// maxBody bounds a request.
const maxBody = 1 << 20

// Backend is what the API serves.
type Backend interface {
	authlete.Runtime
	authlete.Management
	Editor
}

// Editor changes what is stored on the basis of what is stored. Where others change it at the same time, it asks again what
// is to become of it.
type Editor interface {
	EditService(ctx context.Context, edit func(current *authlete.Service) (*authlete.Service, error)) (*authlete.Service, error)
	EditClient(ctx context.Context, identifier string, edit func(current *authlete.Client) (*authlete.Client, error)) (*authlete.Client, error)
}

// Options configure a Handler. All are required.
type Options struct {
	// Backend answers the calls.
	Backend Backend
	// Credentials returns those that callers may present, each in the way of its version; it is asked at each call.
	Credentials func() []*credentials.Credentials
	// Log gets a line per call, without bodies.
	Log *slog.Logger
}

// Handler serves the API.
type Handler struct {
	backend     Backend
	credentials func() []*credentials.Credentials
	log         *slog.Logger
	mux         *http.ServeMux
}

// New returns a handler.
func New(opts Options) *Handler {
	h := &Handler{backend: opts.Backend, credentials: opts.Credentials, log: opts.Log, mux: http.NewServeMux()}
	for _, route := range h.routes() {
		for _, path := range route.paths() {
			h.mux.HandleFunc(route.method+" "+path, h.handler(route))
		}
	}
	h.mux.HandleFunc("GET /"+callEcho, echo) // the path of one library, which forgets the prefix
	h.mux.HandleFunc("/", h.unmatched)
	return h
}

// ServeHTTP authenticates the caller and serves the call.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.URL.Path == "/"+callEcho {
		h.mux.ServeHTTP(w, r)
		return
	}
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		h.unmatched(w, r)
		return
	}
	if err := h.authenticate(r); err != nil {
		h.refuse(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	h.mux.ServeHTTP(w, r)
}

// route is one call of the API.
type route struct {
	method string
	// call is the path below the service and the name of the call in the log.
	call string
	// suffix and suffix2 follow the call in the path of 3.0 and of 2.x.
	suffix, suffix2 string
	// unnumbered says that the call has no service number in front in 3.0, either.
	unnumbered bool
	// changes says that the call changes settings: it is logged where others are not.
	changes bool
	serve   func(context.Context, *http.Request) (any, error)
}

// paths are those of the dialects.
func (r route) paths() []string {
	if r.unnumbered {
		return []string{"/api/" + r.call}
	}
	return []string{"/api/{service}/" + r.call + r.suffix, "/api/" + r.call + r.suffix2}
}

// handler serves a route.
func (h *Handler) handler(route route) http.HandlerFunc {
	unsupported := unsupportedMembers()[route.call]
	level := slog.LevelDebug
	if route.changes {
		level = slog.LevelInfo
	}
	return func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		var result any
		err := checkMembers(r, unsupported)
		if err == nil {
			result, err = route.serve(ctx, r)
		}
		var status int
		if err != nil {
			refused := h.refusalOf(ctx, route.call, err)
			status = refused.Status
			writeRefusal(w, refused)
		} else {
			status = write(w, result)
		}
		h.log.LogAttrs(ctx, level, "API call", slog.String("call", route.call), slog.String("client", r.PathValue("client")),
			slog.Int("status", status), slog.String("remote", r.RemoteAddr))
	}
}
