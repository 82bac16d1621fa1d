package server

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/authorize"
	"github.com/authserver-dev/operator/server/discovery"
	"github.com/authserver-dev/operator/server/introspect"
	"github.com/authserver-dev/operator/server/middleware"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/revoke"
	"github.com/authserver-dev/operator/server/token"
	"github.com/authserver-dev/operator/server/userinfo"
	"github.com/authserver-dev/operator/server/web"
)

// routes mounts every endpoint of the public port.
func (s *Server) routes(p *parts) (http.Handler, error) {
	base, err := basePath(s.deps.Config.Issuer)
	if err != nil {
		return nil, err
	}
	backend := s.deps.Backend
	authorization := s.authorization(p, base)
	tokens := token.New(token.Options{Backend: backend, Passwords: p.passwords, Users: p.users})
	openID := discovery.Document(backend.ServiceConfiguration)
	userInfo := userinfo.New(backend, p.users)

	m := mounter{mux: http.NewServeMux(), opts: p.wrap}
	m.page("GET", base+pathAuthorization, authorization.Authorize, authorization.Failure)
	m.page("POST", base+pathAuthorization, authorization.Authorize, authorization.Failure)
	m.page("POST", base+pathDecision, authorization.Decide, authorization.Failure)
	m.open("POST", base+pathToken, tokens)
	m.open("POST", base+pathRevocation, revoke.New(backend))
	m.mount("POST", base+pathIntrospection, introspect.New(backend, p.callers, p.users))
	m.open("GET", base+pathUserInfo, userInfo)
	m.open("POST", base+pathUserInfo, userInfo)
	m.open("GET", base+pathJWKS, discovery.Document(backend.ServiceJWKS))
	m.open("GET", base+pathOpenID, openID)
	m.open("GET", pathOAuth+base, openID) // RFC 8414 puts the well-known part before the issuer's path
	if base != "" {
		m.open("GET", base+pathOAuth, openID)
	}
	for _, endpoint := range []string{pathToken, pathRevocation, pathUserInfo} {
		m.open("OPTIONS", base+endpoint, preflight)
	}
	m.mux.HandleFunc("GET /healthz", s.health.Live)
	m.mux.HandleFunc("GET /readyz", s.health.Ready)
	other := middleware.Wrap(p.wrap, middleware.Endpoint{Route: "other", Answer: notFound(m.mux)})
	m.mux.Handle("/", other)
	return exact(m.mux, other), nil
}

// authorization builds the endpoint that people see.
func (s *Server) authorization(p *parts, base string) *authorize.Handler {
	config := s.deps.Config
	return authorize.New(authorize.Options{
		Backend: s.deps.Backend, Passwords: p.passwords, Users: p.users, Sealer: p.sealer, Cookies: p.cookies, Pages: p.pages,
		DecisionPath: base + pathDecision,
		Service: web.Service{
			Name: config.Service.Name, LogoURI: config.Service.LogoURI, PolicyURI: config.Service.PolicyURI, TosURI: config.Service.TosURI,
		},
		Remember: config.Session.Consent == configv1alpha1.ConsentRemember,
		Lifetime: time.Duration(config.Session.InteractionSeconds) * time.Second, Clock: s.deps.Clock,
	})
}

// mounter mounts endpoints with the middleware around them.
type mounter struct {
	mux  *http.ServeMux
	opts middleware.Options
}

func (m mounter) mount(method, path string, answer reply.Endpoint) {
	m.handle(method, middleware.Endpoint{Route: path, Answer: answer})
}

// open mounts an endpoint that works without cookies: scripts of any site may read its answers.
func (m mounter) open(method, path string, answer reply.Endpoint) {
	m.handle(method, middleware.Endpoint{Route: path, Answer: answer, AnyOrigin: true})
}

// page mounts an endpoint whose failures are pages, too.
func (m mounter) page(method, path string, answer reply.Endpoint, failure reply.Renderer) {
	m.handle(method, middleware.Endpoint{Route: path, Answer: answer, Failure: failure})
}

func (m mounter) handle(method string, endpoint middleware.Endpoint) {
	m.mux.Handle(method+" "+endpoint.Route, middleware.Wrap(m.opts, endpoint))
}

// exact keeps the multiplexer from redirecting paths that it would clean: no client of ours writes them, and what clients
// make of the request after a redirect is not defined.
func exact(mux, other http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Clean(r.URL.Path) != r.URL.Path {
			other.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// Metrics serves metrics and probes on a port of its own.
func (s *Server) Metrics() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", s.health.Live)
	mux.HandleFunc("GET /readyz", s.health.Ready)
	return mux
}

// preflight answers what browsers ask before a request of a script (Fetch standard, CORS protocol).
func preflight(*http.Request) reply.Answer {
	return reply.Answer{
		Status: http.StatusNoContent, Preflight: &reply.Preflight{Methods: "GET, POST", Headers: "Authorization, Content-Type"},
	}
}

// notFound answers everything else: 405 with Allow where the path is there for other methods (RFC 9110, section 15.5.6).
func notFound(mux *http.ServeMux) reply.Endpoint {
	return func(r *http.Request) reply.Answer {
		var allow []string
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST"} {
			probe := &http.Request{Method: method, URL: &url.URL{Path: r.URL.Path}, Host: r.Host}
			if _, pattern := mux.Handler(probe); pattern != "/" && path.Clean(r.URL.Path) == r.URL.Path {
				allow = append(allow, method)
			}
		}
		if len(allow) == 0 {
			return reply.Error(http.StatusNotFound, "not_found", "There is nothing here.")
		}
		answer := reply.Error(http.StatusMethodNotAllowed, "invalid_request", "The method is not allowed here.")
		answer.Allow = strings.Join(allow, ", ")
		return answer
	}
}
