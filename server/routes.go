package server

import (
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/authorize"
	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/discovery"
	"github.com/authserver-dev/operator/server/federation"
	"github.com/authserver-dev/operator/server/interaction"
	"github.com/authserver-dev/operator/server/introspect"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/revoke"
	"github.com/authserver-dev/operator/server/token"
	"github.com/authserver-dev/operator/server/userinfo"
	"github.com/authserver-dev/operator/server/web"
)

// publicReadyAge is how old the state may be that the public port tells everybody.
const publicReadyAge = 2 * time.Second

// routes mounts every endpoint of the public port.
func (s *Server) routes(p *parts) (http.Handler, error) {
	base, err := basePath(s.deps.Config.Issuer)
	if err != nil {
		return nil, err
	}
	backend := s.deps.Backend
	authorization := s.authorization(p, base)
	bindings := clientcall.Bindings{Base: strings.TrimSuffix(s.deps.Config.Issuer, "/"), FromProxy: p.wrap.Proxies.FromTrusted}
	tokens := token.New(token.Options{Backend: backend, Passwords: p.passwords, Users: p.users, Binding: bindings.At(pathToken)})
	openID := discovery.Document(discovery.Classes(backend.ServiceConfiguration, s.deps.Config.Login.ACR))
	introspections := introspect.New(introspect.Options{
		Backend: backend, Callers: p.callers, Users: p.users, Binding: bindings.At(pathIntrospection),
	})
	userInfo := userinfo.New(userinfo.Options{
		Backend: backend, Users: p.users, ScopeClaims: p.scopeClaims, Binding: bindings.At(pathUserInfo),
	})

	m := newMounter(p.wrap)
	m.page(base+pathAuthorization, authorization.Authorize, authorization.Failure, "GET", "POST")
	m.page(base+pathDecision, authorization.Decide, authorization.Failure, "POST")
	m.open(base+pathToken, tokens, "POST")
	m.open(base+pathRevocation, revoke.New(backend, bindings.At(pathRevocation)), "POST")
	m.closed(base+pathIntrospection, introspections, "POST")
	m.open(base+pathUserInfo, userInfo, "GET", "POST")
	m.open(base+pathJWKS, discovery.Document(backend.ServiceJWKS), "GET")
	m.open(base+pathOpenID, openID, "GET")
	m.open(pathOAuth+base, openID, "GET") // RFC 8414 puts the well-known part before the issuer's path
	if base != "" {
		m.open(base+pathOAuth, openID, "GET")
	}
	m.open(base+pathFederation, federation.New(backend), "GET")
	m.plain("/healthz", s.health.Live)
	m.plain("/readyz", s.health.Ready(publicReadyAge))
	m.plain("/favicon.ico", noIcon)
	s.mounted = m.mounted
	return m.handler(notFound(m.methods, authorization)), nil
}

// authorization builds the endpoint that people see.
func (s *Server) authorization(p *parts, base string) *authorize.Handler {
	config := s.deps.Config
	return authorize.New(authorize.Options{
		Backend: s.deps.Backend, Passwords: p.passwords, Users: p.users, Sealer: p.sealer, Cookies: p.cookies, Pages: p.pages,
		DecisionPath: base + pathDecision, ScopeClaims: p.scopeClaims, Descriptions: descriptions(),
		Service: web.Service{
			Name: config.Service.Name, LogoURI: config.Service.LogoURI, PolicyURI: config.Service.PolicyURI, TosURI: config.Service.TosURI,
		},
		Rules:    interaction.Rules{Remember: config.Session.Consent == configv1alpha1.ConsentRemember, Class: config.Login.ACR},
		Lifetime: config.Session.InteractionSeconds.Duration(), Clock: s.deps.Clock,
	})
}

// descriptions are what pages say of the standard scopes if the backend says nothing.
func descriptions() map[string]string {
	texts := map[string]string{}
	for _, scope := range configv1alpha1.StandardScopes() {
		texts[scope.Name] = scope.Description
	}
	return texts
}

// Metrics serves metrics and probes on a port of its own.
func (s *Server) Metrics() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	mux.Handle("GET /healthz", reply.Endpoint(s.health.Live))
	mux.Handle("GET /readyz", s.health.Ready(0))
	return mux
}
