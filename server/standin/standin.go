package standin

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/logging"
	"github.com/authserver-dev/operator/internal/memorylimit"
	"github.com/authserver-dev/operator/internal/version"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/engine/httpapi"
	"github.com/authserver-dev/operator/server/ports"
)

const (
	// startTimeout bounds the opening of the storage.
	startTimeout = 60 * time.Second
	// finishTimeout bounds the time for calls that are being answered when the program is told to stop.
	finishTimeout = 10 * time.Second
)

// Run runs the engine until the context ends. The log goes to stderr.
func Run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if o.showVersion {
		_, err := fmt.Fprintln(stdout, version.String())
		return err
	}
	log, err := logging.New(stderr, o.logFormat, o.logLevel)
	if err != nil {
		return err
	}
	memorylimit.Set(env, log)
	// The port comes first: its number may be part of the credentials that are written.
	listener, err := ports.Listen(ports.Port{Name: "engine", Address: o.listen, TLS: o.tls()}, log)
	if err != nil {
		return err
	}
	s := &standIn{options: o, log: log, listener: listener}
	if err := s.open(ctx); err != nil {
		ports.Close([]*ports.Listener{listener})
		return err
	}
	err = ports.Serve(ctx, []*ports.Listener{listener}, ports.Stop{Finish: finishTimeout}, append(s.live, s.engine.Run)...)
	return errors.Join(err, s.engine.Close())
}

// standIn is the engine alone.
type standIn struct {
	options  *options
	log      *slog.Logger
	listener *ports.Listener
	engine   *engine.Engine
	// live are files that are followed.
	live []func(context.Context)
}

// open reads the files and opens the engine.
func (s *standIn) open(ctx context.Context) error {
	accepted, err := s.openCredentials(ctx)
	if err != nil {
		return err
	}
	service, err := s.firstSettings(accepted.Get()[0].ServiceID)
	if err != nil {
		return err
	}
	kek, err := s.encryptionKey()
	if err != nil {
		return err
	}
	start, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s.engine, err = engine.Open(start, engine.Options{
		Storage: engine.Storage{SQLitePath: s.options.sqlite}, KEK: kek, Service: *service, SigningAlgorithm: s.options.algorithm,
		Clock: time.Now, Rand: rand.Reader, Log: s.log,
	})
	if err != nil {
		return err
	}
	backend := &keptSettings{Engine: s.engine, path: s.settingsFile()}
	if err := backend.keep(service); err != nil {
		return errors.Join(err, s.engine.Close())
	}
	s.listener.Handle(s.handler(httpapi.New(httpapi.Options{Backend: backend, Credentials: accepted.Get, Log: s.log})))
	s.log.InfoContext(ctx, "Serving the engine", "version", version.String(), "url", s.url(), "issuer", service.Issuer,
		"service", service.APIKey, "sqlite", s.options.sqlite)
	return nil
}

// handler adds a path for probes.
func (s *standIn) handler(api http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", api)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		if err := s.engine.Ready(r.Context()); err != nil {
			s.log.WarnContext(r.Context(), "Not ready", "error", err)
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n")
	})
	return mux
}

// tls returns the files for HTTPS, or nil for plain HTTP.
func (o *options) tls() *configv1alpha1.TLSFiles {
	if o.tlsCert == "" {
		return nil
	}
	return &configv1alpha1.TLSFiles{CertFile: o.tlsCert, KeyFile: o.tlsKey}
}

// url is where callers on this machine find the API.
func (s *standIn) url() string {
	scheme := "http"
	if s.options.tlsCert != "" {
		scheme = "https"
	}
	address := s.listener.Address()
	if host, port, err := net.SplitHostPort(address); err == nil {
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			address = net.JoinHostPort("127.0.0.1", port)
		}
	}
	return scheme + "://" + address
}
