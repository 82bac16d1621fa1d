package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/health"
	"github.com/authserver-dev/operator/server/introspect"
	"github.com/authserver-dev/operator/server/login"
	"github.com/authserver-dev/operator/server/middleware"
	"github.com/authserver-dev/operator/server/session"
	"github.com/authserver-dev/operator/server/users"
	"github.com/authserver-dev/operator/server/web"
)

// requestTimeout bounds the work on one request.
const requestTimeout = 20 * time.Second

// Deps are what a Server is built from.
type Deps struct {
	Config *configv1alpha1.ServerConfig
	// Users are the people; Run keeps them up to date.
	Users   *users.Directory
	Backend authlete.Runtime
	// BackendReady says whether the backend can serve.
	BackendReady func(context.Context) error
	Log          *slog.Logger
	Clock        func() time.Time
}

// Server is the authorization server.
type Server struct {
	deps     Deps
	health   *health.State
	registry *prometheus.Registry
	public   http.Handler
	mounted  []mounted
	live     []runner
}

// runner keeps something up to date.
type runner interface{ Run(ctx context.Context) }

// parts are what the routes are made of.
type parts struct {
	users     *users.Directory
	sealer    *session.Sealer
	callers   *introspect.Callers
	cookies   *session.Cookies
	passwords *login.Checker
	pages     *web.Renderer
	wrap      middleware.Options
	// scopeClaims says which claims scopes release.
	scopeClaims authlete.ScopeClaims
}

// New builds the server. It reads the files that the configuration names.
func New(deps Deps) (*Server, error) {
	s := &Server{deps: deps, registry: prometheus.NewRegistry()}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	p, err := s.parts()
	if err != nil {
		return nil, err
	}
	s.live = []runner{p.users, p.sealer, p.callers}
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "authserver_users", Help: "Users that the server knows.",
	}, func() float64 { return float64(p.users.Count()) }))
	s.WatchFiles("users", p.users.Healthy)
	s.WatchFiles("session-key-ring", p.sealer.Healthy)
	s.WatchFiles("introspection-callers", p.callers.Healthy)
	s.public, err = s.routes(p)
	return s, err
}

// parts opens the files and builds what endpoints share.
func (s *Server) parts() (*parts, error) {
	config := s.deps.Config
	service := Service(config)
	p := &parts{users: s.deps.Users, scopeClaims: service.ScopeClaims()}
	var err error
	s.health = health.New(func(ctx context.Context) error { return errors.Join(p.users.Ready(), s.deps.BackendReady(ctx)) }, s.deps.Clock, s.deps.Log)
	if p.sealer, err = session.OpenSealer(config.Session.KeyRingFile, s.deps.Clock, s.deps.Log); err != nil {
		return nil, err
	}
	if p.callers, err = introspect.OpenCallers(config.Introspection.Callers, s.deps.Log); err != nil {
		return nil, err
	}
	if p.pages, err = web.NewRenderer(); err != nil {
		return nil, err
	}
	proxies, err := middleware.NewProxies(config.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("parsing trustedProxies: %w", err)
	}
	https := strings.HasPrefix(config.Issuer, "https:")
	metrics := middleware.NewMetrics(s.registry)
	p.cookies = session.NewCookies(session.Options{
		Sealer: p.sealer, Users: p.users, Issuer: config.Issuer, Secure: https, Clock: s.deps.Clock,
		Idle: config.Session.IdleSeconds.Duration(), Absolute: config.Session.AbsoluteSeconds.Duration(),
	})
	p.passwords = login.New(login.Options{
		Users: p.users, FreeAttempts: int(*config.Login.FreeAttempts), MaxDelay: config.Login.MaxDelaySeconds.Duration(),
		Clock: s.deps.Clock, Observe: metrics.Login,
	})
	p.wrap = middleware.Options{
		Log: s.deps.Log, Metrics: metrics, Clock: s.deps.Clock, HTTPS: https, Proxies: proxies, Timeout: requestTimeout,
		Draining: s.health.Draining,
	}
	return p, nil
}

// WatchFiles publishes whether files could be read the last time; the server goes on with their last good content.
func (s *Server) WatchFiles(name string, healthy func() bool) {
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "authserver_files_healthy", Help: "1 if the files could be read the last time; else their last good content is in use.",
		ConstLabels: prometheus.Labels{"files": name},
	}, func() float64 {
		if healthy() {
			return 1
		}
		return 0
	}))
}

// Observe publishes metrics of others with those of the server.
func (s *Server) Observe(collectors ...prometheus.Collector) { s.registry.MustRegister(collectors...) }

// Public serves the OAuth endpoints and pages.
func (s *Server) Public() http.Handler { return s.public }

// Run keeps files up to date until the context ends.
func (s *Server) Run(ctx context.Context) {
	done := make(chan struct{})
	for _, r := range s.live {
		go func() { r.Run(ctx); done <- struct{}{} }()
	}
	for range s.live {
		<-done
	}
}

// Drain makes the server not ready while it goes on serving.
func (s *Server) Drain() { s.health.Drain() }

// basePath is the path of the issuer, under which everything lies.
func basePath(issuer string) (string, error) {
	parsed, err := url.Parse(issuer)
	if err != nil {
		return "", fmt.Errorf("parsing the issuer: %w", err)
	}
	return strings.TrimSuffix(parsed.Path, "/"), nil
}
