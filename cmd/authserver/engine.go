package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/logging"
	"github.com/authserver-dev/operator/internal/version"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/engine/httpapi"
	"github.com/authserver-dev/operator/server/livefile"
)

// standInShutdown bounds the way to the end of the last call.
const standInShutdown = 10 * time.Second

// engineUsage introduces the flags of the command.
const engineUsage = `Usage: authserver engine --write-ini authlete.ini
       authserver engine --credentials authlete.ini

Runs the protocol engine alone, as an offline stand-in for Authlete: it serves the
calls of Authlete's Web API that the engine knows, in the dialects 2.x and 3.0, to
any front end. docs/engine.md lists them.

`

// standInFlags are the flags of the command "engine".
type standInFlags struct {
	listen, tlsCert, tlsKey string
	credentials             []string
	writeINI, apiVersion    string
	issuer, settings        string
	issuerGiven             bool
	sqlite, algorithm       string
	logFormat, logLevel     string
	showVersion             bool
}

// parseStandIn reads the flags. What they ask for is checked where it is used, except for what contradicts itself.
func parseStandIn(args []string, out io.Writer) (*standInFlags, error) {
	f := &standInFlags{}
	flags := flag.NewFlagSet("authserver engine", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		_, _ = io.WriteString(out, engineUsage)
		flags.PrintDefaults()
	}
	flags.StringVar(&f.listen, "listen", "127.0.0.1:9000", "`address` to listen on")
	flags.StringVar(&f.tlsCert, "tls-cert", "", "certificate `file`, for HTTPS; plain HTTP without it")
	flags.StringVar(&f.tlsKey, "tls-key", "", "private key `file` of the certificate")
	flags.Func("credentials", "`path` of an authlete.ini, an authlete.properties, or a folder with its keys as files, that callers\n"+
		"may use; may be repeated. Changes are followed", func(path string) error {
		f.credentials = append(f.credentials, path)
		return nil
	})
	flags.StringVar(&f.writeINI, "write-ini", "", "`file` to write new credentials to, as an authlete.ini; one that exists is used as it is")
	flags.StringVar(&f.apiVersion, "api-version", string(credentials.V2), "API `version` of the credentials written: V2 or V3")
	flags.StringVar(&f.issuer, "issuer", "http://localhost:8000", "`URL` of the front end; the endpoints of the first settings are below it")
	flags.StringVar(&f.settings, "settings", "", "JSON `file` with a service object of the API, whose members replace those of the first settings")
	flags.StringVar(&f.sqlite, "sqlite", "", "SQLite `file` to keep everything in, with PATH.key and PATH.service.json beside it; memory without it.\n"+
		"Once it is there, --issuer and --settings do not change it")
	flags.StringVar(&f.algorithm, "signing-algorithm", "RS256", "`algorithm` of ID tokens for clients that name none: RS256 or ES256")
	flags.StringVar(&f.logFormat, "log-format", "text", "`format` of the log: text or json")
	flags.StringVar(&f.logLevel, "log-level", "info", "`level` of the log: debug, info, warn or error")
	flags.BoolVar(&f.showVersion, "version", false, "print the version and exit")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	flags.Visit(func(given *flag.Flag) { f.issuerGiven = f.issuerGiven || given.Name == "issuer" })
	err := f.check(flags.Args())
	return f, err
}

func (f *standInFlags) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unknown argument %q", rest[0])
	case f.showVersion:
		return nil
	case len(f.credentials) == 0 && f.writeINI == "":
		return errors.New("nobody could call the engine: name --credentials, or a file for new ones with --write-ini")
	case (f.tlsCert == "") != (f.tlsKey == ""):
		return errors.New("--tls-cert and --tls-key belong together")
	case f.algorithm != "RS256" && f.algorithm != "ES256":
		return fmt.Errorf("--signing-algorithm %q: use RS256 or ES256", f.algorithm)
	case f.apiVersion != string(credentials.V2) && f.apiVersion != string(credentials.V3):
		return fmt.Errorf("--api-version %q: use V2 or V3", f.apiVersion)
	}
	return nil
}

// runEngine runs the engine alone until the context ends.
func runEngine(ctx context.Context, args []string, env func(string) string, std streams) error {
	f, err := parseStandIn(args, std.err)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if f.showVersion {
		_, err := fmt.Fprintln(std.out, version.String())
		return err
	}
	log, err := logging.New(std.err, f.logFormat, f.logLevel)
	if err != nil {
		return err
	}
	if env("GOMEMLIMIT") == "" {
		limitMemory(log)
	}
	socket, err := net.Listen("tcp", f.listen) //nolint:noctx // opened at once or not at all
	if err != nil {
		return fmt.Errorf("opening the port: %w", err)
	}
	s := &standIn{flags: f, log: log, socket: socket}
	if err := s.open(ctx); err != nil {
		return errors.Join(err, socket.Close())
	}
	return s.run(ctx)
}

// standIn is the engine alone.
type standIn struct {
	flags  *standInFlags
	log    *slog.Logger
	socket net.Listener
	engine *engine.Engine
	server *http.Server
	// live are files that are followed.
	live []func(context.Context)
}

// open reads the files and opens the engine.
func (s *standIn) open(ctx context.Context) error {
	accepted, err := s.openCredentials(ctx)
	if err != nil {
		return err
	}
	certificate, err := s.openCertificate()
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
		Storage: engine.Storage{SQLitePath: s.flags.sqlite}, KEK: kek, Service: *service, SigningAlgorithm: s.flags.algorithm,
		Clock: time.Now, Rand: rand.Reader, Log: s.log,
	})
	if err != nil {
		return err
	}
	backend := &keptSettings{Engine: s.engine, path: s.settingsFile()}
	if err := backend.keep(service); err != nil {
		return errors.Join(err, s.engine.Close())
	}
	s.server = &http.Server{
		Handler:           s.handler(httpapi.New(httpapi.Options{Backend: backend, Credentials: accepted.Get, Log: s.log})),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, TLSConfig: certificate, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.log.InfoContext(ctx, "Serving the engine", "version", version.String(), "url", s.url(), "issuer", service.Issuer,
		"service", service.APIKey, "sqlite", s.flags.sqlite)
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

// openCertificate returns the TLS configuration, or nil for plain HTTP.
func (s *standIn) openCertificate() (*tls.Config, error) {
	if s.flags.tlsCert == "" {
		return nil, nil //nolint:nilnil // http.Server takes nil for plain HTTP
	}
	certificate, err := livefile.Open(livefile.Options[*tls.Certificate]{
		Name: "certificate", Paths: []string{s.flags.tlsCert, s.flags.tlsKey}, Log: s.log,
		Load: func() (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(s.flags.tlsCert, s.flags.tlsKey)
			return &pair, err
		},
	})
	if err != nil {
		return nil, err
	}
	s.live = append(s.live, certificate.Run)
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate.Get(), nil },
	}, nil
}

// url is where callers on this machine find the API.
func (s *standIn) url() string {
	scheme := "http"
	if s.flags.tlsCert != "" {
		scheme = "https"
	}
	address := s.socket.Addr().String()
	if host, port, err := net.SplitHostPort(address); err == nil {
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			address = net.JoinHostPort("127.0.0.1", port)
		}
	}
	return scheme + "://" + address
}

// run serves until the context ends, then finishes the calls under way.
func (s *standIn) run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	for _, task := range append(s.live, s.engine.Run) {
		group.Go(func() { task(work) })
	}
	failed := make(chan error, 1)
	go func() { failed <- s.serve() }()
	var err error
	select {
	case <-ctx.Done():
		end, cancel := context.WithTimeout(work, standInShutdown)
		defer cancel()
		err = s.server.Shutdown(end)
	case err = <-failed:
	}
	stop()
	group.Wait()
	return errors.Join(err, s.engine.Close())
}

func (s *standIn) serve() error {
	var err error
	if s.server.TLSConfig != nil {
		err = s.server.ServeTLS(s.socket, "", "")
	} else {
		err = s.server.Serve(s.socket)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving %s: %w", s.socket.Addr(), err)
}
