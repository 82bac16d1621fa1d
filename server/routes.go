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
	m.mount("POST", base+pathToken, anyOrigin(tokens))
	m.mount("POST", base+pathRevocation, anyOrigin(revoke.New(backend)))
	m.mount("POST", base+pathIntrospection, introspect.New(backend, p.callers, p.users))
	m.mount("GET", base+pathUserInfo, anyOrigin(userInfo))
	m.mount("POST", base+pathUserInfo, anyOrigin(userInfo))
	m.mount("GET", base+pathJWKS, discovery.Document(backend.ServiceJWKS))
	m.mount("GET", base+pathOpenID, openID)
	m.mount("GET", pathOAuth+base, openID) // RFC 8414 puts the well-known part before the issuer's path
	if base != "" {
		m.mount("GET", base+pathOAuth, openID)
	}
	for _, endpoint := range []string{pathToken, pathRevocation, pathUserInfo} {
		m.mount("OPTIONS", base+endpoint, http.HandlerFunc(preflight))
	}
	m.mux.HandleFunc("GET /healthz", s.health.Live)
	m.mux.HandleFunc("GET /readyz", s.health.Ready)
	other := middleware.Wrap(p.wrap, middleware.Endpoint{Route: "other", Handler: notFound(m.mux)})
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

func (m mounter) mount(method, path string, handler http.Handler) {
	m.mux.Handle(method+" "+path, middleware.Wrap(m.opts, middleware.Endpoint{Route: path, Handler: handler}))
}

// page mounts an endpoint whose failures are pages, too.
func (m mounter) page(method, path string, handler http.HandlerFunc, failure func(http.ResponseWriter)) {
	m.mux.Handle(method+" "+path, middleware.Wrap(m.opts, middleware.Endpoint{Route: path, Handler: handler, Failure: failure}))
}

// exact keeps the multiplexer from redirecting paths that it would rather have in another form: no client of ours writes
// them, and what is left of the request after a redirect is nobody's guess.
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

// anyOrigin lets scripts of any site read the answers of endpoints that work without cookies.
func anyOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header["Access-Control-Allow-Origin"] = allOrigins
		header["Access-Control-Expose-Headers"] = exposed
		next.ServeHTTP(w, r)
	})
}

// Header values that are shared between responses; net/http does not change them.
//
//nolint:gochecknoglobals // constants in the form that http.Header takes
var (
	allOrigins = []string{"*"}
	exposed    = []string{"WWW-Authenticate, Retry-After"}
)

// preflight answers what browsers ask before a request of a script (Fetch standard, CORS protocol).
func preflight(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header["Access-Control-Allow-Origin"] = allOrigins
	header.Set("Access-Control-Allow-Methods", "GET, POST")
	header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	header.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

// notFound answers everything else: 405 with Allow where the path is there for other methods (RFC 9110, section 15.5.6).
func notFound(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allow []string
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST"} {
			probe := &http.Request{Method: method, URL: &url.URL{Path: r.URL.Path}, Host: r.Host}
			if _, pattern := mux.Handler(probe); pattern != "/" && path.Clean(r.URL.Path) == r.URL.Path {
				allow = append(allow, method)
			}
		}
		if len(allow) == 0 {
			reply.Error(w, http.StatusNotFound, "not_found", "There is nothing here.")
			return
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		reply.Error(w, http.StatusMethodNotAllowed, "invalid_request", "The method is not allowed here.")
	}
}
