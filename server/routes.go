package server

import (
	"net/http"
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
)

// routes mounts every endpoint of the public port.
func (s *Server) routes(p *parts) (http.Handler, error) {
	base, err := basePath(s.deps.Config.Issuer)
	if err != nil {
		return nil, err
	}
	backend, config := s.deps.Backend, s.deps.Config
	authorization := authorize.New(authorize.Options{
		Backend: backend, Passwords: p.passwords, Users: p.users, Sealer: p.sealer, Cookies: p.cookies, Pages: p.pages,
		DecisionPath: base + pathDecision, ServiceName: config.Service.Name, Remember: config.Session.Consent == configv1alpha1.ConsentRemember,
		Lifetime: time.Duration(config.Session.InteractionSeconds) * time.Second, Clock: s.deps.Clock, Address: middleware.Address,
	})
	tokens := token.New(token.Options{Backend: backend, Passwords: p.passwords, Users: p.users, Address: middleware.Address})
	openID := discovery.Document(backend.ServiceConfiguration)
	userInfo := userinfo.New(backend, p.users)

	mux := http.NewServeMux()
	mount := func(method, path string, handler http.Handler) {
		mux.Handle(method+" "+path, middleware.Wrap(p.wrap, path, handler))
	}
	mount("GET", base+pathAuthorization, http.HandlerFunc(authorization.Authorize))
	mount("POST", base+pathAuthorization, http.HandlerFunc(authorization.Authorize))
	mount("POST", base+pathDecision, http.HandlerFunc(authorization.Decide))
	mount("POST", base+pathToken, anyOrigin(tokens))
	mount("POST", base+pathRevocation, anyOrigin(revoke.New(backend)))
	mount("POST", base+pathIntrospection, introspect.New(backend, p.callers))
	mount("GET", base+pathUserInfo, anyOrigin(userInfo))
	mount("POST", base+pathUserInfo, anyOrigin(userInfo))
	mount("GET", base+pathJWKS, discovery.Document(backend.ServiceJWKS))
	mount("GET", base+pathOpenID, openID)
	mount("GET", pathOAuth+base, openID) // RFC 8414 puts the well-known part before the issuer's path
	if base != "" {
		mount("GET", base+pathOAuth, openID)
	}
	for _, path := range []string{pathToken, pathRevocation, pathUserInfo} {
		mount("OPTIONS", base+path, http.HandlerFunc(preflight))
	}
	mux.HandleFunc("GET /healthz", s.health.Live)
	mux.HandleFunc("GET /readyz", s.health.Ready)
	mux.Handle("/", middleware.Wrap(p.wrap, "other", http.HandlerFunc(notFound(mux))))
	return mux, nil
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
		w.Header()["Access-Control-Allow-Origin"] = allOrigins
		next.ServeHTTP(w, r)
	})
}

var allOrigins = []string{"*"} //nolint:gochecknoglobals // a constant in the form that http.Header takes

// preflight answers what browsers ask before a request of a script (Fetch standard, CORS protocol).
func preflight(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header["Access-Control-Allow-Origin"] = allOrigins
	header.Set("Access-Control-Allow-Methods", "GET, POST")
	header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	header.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

// notFound answers everything else: 405 with Allow where the path is there for other methods.
func notFound(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allow []string
		for _, method := range []string{"GET", "POST", "OPTIONS"} {
			probe := r.Clone(r.Context())
			probe.Method = method
			if _, pattern := mux.Handler(probe); pattern != "/" {
				allow = append(allow, method)
			}
		}
		if len(allow) == 0 {
			reply.Error(w, http.StatusNotFound, "not_found", "There is nothing here.")
			return
		}
		for _, method := range allow {
			w.Header().Add("Allow", method)
		}
		reply.Error(w, http.StatusMethodNotAllowed, "invalid_request", "The method is not allowed here.")
	}
}
