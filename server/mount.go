package server

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/authserver-dev/operator/server/authorize"
	"github.com/authserver-dev/operator/server/middleware"
	"github.com/authserver-dev/operator/server/reply"
)

// mounter mounts endpoints with the middleware around them.
type mounter struct {
	mux     *http.ServeMux
	opts    middleware.Options
	mounted []mounted
	// methods are those that each path takes, as the Allow header names them.
	methods map[string][]string
}

// mounted is an endpoint at its place.
type mounted struct {
	Path    string
	Methods []string
	// AnyOrigin says that scripts of any site may use it.
	AnyOrigin bool
}

func newMounter(opts middleware.Options) *mounter {
	return &mounter{mux: http.NewServeMux(), opts: opts, methods: map[string][]string{}}
}

// open mounts an endpoint that works without cookies: scripts of any site may use it, with whatever headers they send.
func (m *mounter) open(path string, answer reply.Endpoint, methods ...string) {
	m.mount(middleware.Endpoint{Route: path, Answer: answer, AnyOrigin: true}, methods)
	m.route(path, middleware.Wrap(m.opts, middleware.Endpoint{Route: path, Answer: preflight(methods), AnyOrigin: true}), "OPTIONS")
}

// closed mounts an endpoint for servers: no script of another site may use it.
func (m *mounter) closed(path string, answer reply.Endpoint, methods ...string) {
	m.mount(middleware.Endpoint{Route: path, Answer: answer}, methods)
}

// page mounts an endpoint that people see. Its failures are pages, too. It takes no HEAD: a GET may end in a code.
func (m *mounter) page(path string, answer reply.Endpoint, failure reply.Renderer, methods ...string) {
	m.mount(middleware.Endpoint{Route: path, Answer: answer, Failure: failure}, methods)
	m.methods[path] = slices.DeleteFunc(m.methods[path], func(method string) bool { return method == http.MethodHead })
}

// plain mounts what is asked for without end: it is not logged.
func (m *mounter) plain(path string, answer reply.Endpoint) {
	m.mounted = append(m.mounted, mounted{Path: path, Methods: []string{"GET"}})
	m.route(path, answer, "GET")
}

func (m *mounter) mount(endpoint middleware.Endpoint, methods []string) {
	m.mounted = append(m.mounted, mounted{Path: endpoint.Route, Methods: methods, AnyOrigin: endpoint.AnyOrigin})
	m.route(endpoint.Route, middleware.Wrap(m.opts, endpoint), methods...)
}

func (m *mounter) route(path string, handler http.Handler, methods ...string) {
	for _, method := range methods {
		m.mux.Handle(method+" "+path, handler)
		m.methods[path] = append(m.methods[path], method)
		if method == http.MethodGet {
			m.methods[path] = append(m.methods[path], http.MethodHead)
		}
	}
	slices.Sort(m.methods[path])
}

// handler serves what was mounted, and other for the rest. The multiplexer must not redirect paths that it would clean: no
// client of ours writes them, and what clients make of the request after a redirect is not defined. Nor may it take HEAD
// for GET everywhere.
func (m *mounter) handler(other reply.Endpoint) http.Handler {
	rest := middleware.Wrap(m.opts, middleware.Endpoint{Route: "other", Answer: other})
	m.mux.Handle("/", rest)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		misses := r.Method == http.MethodHead && !slices.Contains(m.methods[r.URL.Path], http.MethodHead)
		if misses || path.Clean(r.URL.Path) != r.URL.Path {
			rest.ServeHTTP(w, r)
			return
		}
		m.mux.ServeHTTP(w, r)
	})
}

// notFound answers everything else: 405 with Allow where the path is there for other methods (RFC 9110, section 15.5.6).
// People get a page.
func notFound(methods map[string][]string, pages *authorize.Handler) reply.Endpoint {
	return func(r *http.Request) reply.Answer {
		allow := methods[r.URL.Path]
		answer := reply.Error(http.StatusNotFound, "not_found", "There is nothing here.")
		if len(allow) > 0 {
			answer = reply.Error(http.StatusMethodNotAllowed, "invalid_request", "The method is not allowed here.")
		}
		if reply.PrefersHTML(r) {
			answer = pages.NotFound(answer.Status)
		}
		answer.Allow = strings.Join(allow, ", ")
		return answer
	}
}

// noIcon answers browsers that look for an icon: there is none.
func noIcon(*http.Request) reply.Answer {
	return reply.Answer{Status: http.StatusNoContent, Cache: "public, max-age=86400"}
}

// Bounds of the headers that a preflight names: scripts send few.
const (
	maxPreflight      = 4 << 10
	maxRequestHeaders = 32
	maxHeaderName     = 64
)

// preflight answers what browsers ask before a request of a script (Fetch standard, CORS protocol). The headers that the
// script wants to send are allowed by name, since "*" does not cover Authorization.
func preflight(methods []string) reply.Endpoint {
	allowed := strings.Join(methods, ", ")
	return func(r *http.Request) reply.Answer {
		return reply.Answer{Status: http.StatusNoContent, Preflight: &reply.Preflight{
			Methods: allowed, Headers: requestedHeaders(r.Header.Get("Access-Control-Request-Headers")),
		}}
	}
}

// requestedHeaders returns the names of headers in a list; what cannot be one is left out.
func requestedHeaders(list string) string {
	if len(list) > maxPreflight {
		return ""
	}
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if len(names) < maxRequestHeaders && name != "" && len(name) <= maxHeaderName && !strings.ContainsFunc(name, notTokenChar) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// notTokenChar says whether a character cannot occur in a token (RFC 9110, section 5.6.2).
func notTokenChar(c rune) bool {
	alphanumeric := (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
	return !alphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}
