package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/server"
	"github.com/authserver-dev/operator/server/config"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/engine/httpapi"
	"github.com/authserver-dev/operator/server/livefile"
)

// Timeouts of connections. Requests are small; pages are read at leisure, but not sent at leisure.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 120 * time.Second
	maxHeader     = 32 << 10
)

// listeners are the server's ports.
type listeners struct {
	servers  []*http.Server
	sockets  []net.Listener
	live     []func(context.Context)
	drain    time.Duration
	shutdown time.Duration
	server   *server.Server
	// addresses are pairs of a port's name and its address, for the log.
	addresses []any
	log       *slog.Logger
}

// listen opens the ports that the configuration names. embedded is the engine to manage; nil with another backend.
func listen(settings *configv1alpha1.ServerConfig, srv *server.Server, embedded *engine.Engine, log *slog.Logger) (*listeners, error) {
	l := &listeners{
		drain: settings.Shutdown.DrainSeconds.Duration(), shutdown: settings.Shutdown.FinishSeconds.Duration(),
		server: srv, log: log,
	}
	ports := []port{
		{name: portPublic, address: settings.Listen.Public, handler: srv.Public(), tls: settings.TLS},
		{name: portMetrics, address: settings.Listen.Metrics, handler: srv.Metrics()},
	}
	if embedded != nil && settings.Backend.Embedded.Management != nil {
		management := settings.Backend.Embedded.Management
		handler, err := l.management(management.TokenFile, embedded)
		if err != nil {
			return nil, err
		}
		ports = append(ports, port{name: portManagement, address: settings.Listen.Management, handler: handler, tls: &management.TLS})
	}
	for _, p := range ports {
		if err := l.add(p); err != nil {
			return nil, errors.Join(fmt.Errorf("opening the %s port: %w", p.name, err), l.close())
		}
	}
	return l, nil
}

// port is a port to open.
type port struct {
	name, address string
	handler       http.Handler
	tls           *configv1alpha1.TLSFiles
}

// Names of ports in the log and in metrics.
const (
	portPublic     = "public"
	portMetrics    = "metrics"
	portManagement = "management"
)

// managementService is the number of the one service that the engine has.
const managementService = "1"

// management serves the API of the operator.
func (l *listeners) management(tokenFile string, backend *engine.Engine) (http.Handler, error) {
	token, err := livefile.Open(livefile.Options[string]{
		Name: "management-token", Paths: []string{tokenFile}, Log: l.log,
		Load: func() (string, error) { return config.ReadSecret(tokenFile) },
	})
	if err != nil {
		return nil, err
	}
	l.watch(token)
	accepted := func() []*credentials.Credentials {
		return []*credentials.Credentials{{Version: credentials.V3, ServiceID: managementService, AccessToken: token.Get()}}
	}
	return httpapi.New(httpapi.Options{Backend: backend, Credentials: accepted, Log: l.log}), nil
}

// add opens a port, with TLS if files are given.
func (l *listeners) add(p port) error {
	httpServer := &http.Server{
		Handler: p.handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(l.log.Handler(), slog.LevelDebug),
	}
	if files := p.tls; files != nil {
		certificate, err := livefile.Open(livefile.Options[*tls.Certificate]{
			Name: p.name + "-certificate", Paths: []string{files.CertFile, files.KeyFile}, Log: l.log,
			Load: func() (*tls.Certificate, error) {
				pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
				return &pair, err
			},
		})
		if err != nil {
			return err
		}
		l.watch(certificate)
		httpServer.TLSConfig = &tls.Config{
			MinVersion:     tls.VersionTLS12,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate.Get(), nil },
		}
	}
	socket, err := net.Listen("tcp", p.address) //nolint:noctx // opened at once or not at all
	if err != nil {
		return err
	}
	l.addresses = append(l.addresses, p.name, socket.Addr().String())
	l.servers, l.sockets = append(l.servers, httpServer), append(l.sockets, socket)
	return nil
}

// watched is a file that is kept up to date.
type watched interface {
	Name() string
	Healthy() bool
	Run(ctx context.Context)
}

// watch keeps a file up to date while the server runs, and publishes whether that works.
func (l *listeners) watch(file watched) {
	l.live = append(l.live, file.Run)
	l.server.WatchFiles(file.Name(), file.Healthy)
}

func (l *listeners) close() error {
	var errs []error
	for _, socket := range l.sockets {
		errs = append(errs, socket.Close())
	}
	return errors.Join(errs...)
}

// run serves until the context ends, then finishes politely: not ready, still serving, then no new connections, then the
// last requests.
func (l *listeners) run(ctx context.Context, srv *server.Server, served backend) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	for _, task := range append(l.live, srv.Run, served.Run) {
		group.Go(func() { task(work) })
	}
	failed := make(chan error, len(l.servers))
	for i, httpServer := range l.servers {
		go func() { failed <- l.serve(httpServer, l.sockets[i]) }()
	}
	var err error
	select {
	case <-ctx.Done():
		srv.Drain()
		l.log.InfoContext(ctx, "Draining", "seconds", int(l.drain.Seconds()))
		err = errors.Join(wait(l.drain, failed), l.stop(work))
	case err = <-failed:
		err = errors.Join(err, l.stop(work))
	}
	stop()
	group.Wait()
	return err
}

func (l *listeners) serve(httpServer *http.Server, socket net.Listener) error {
	var err error
	if httpServer.TLSConfig != nil {
		err = httpServer.ServeTLS(socket, "", "")
	} else {
		err = httpServer.Serve(socket)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving %s: %w", socket.Addr(), err)
}

// wait waits, unless a port fails first.
func wait(d time.Duration, failed <-chan error) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case err := <-failed:
		return err
	}
	return nil
}

// stop finishes the requests under way.
func (l *listeners) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.shutdown)
	defer cancel()
	var errs []error
	for _, httpServer := range l.servers {
		if err := httpServer.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("finishing requests: %w", err))
		}
	}
	return errors.Join(errs...)
}
