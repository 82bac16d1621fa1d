package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// probeTimeout bounds everything about a probe's connection.
const probeTimeout = 5 * time.Second

// probes answer the kubelet. They do so from the start, and not only once there is a manager: while the API server is away
// there is none, and an operator that did not answer would be restarted again and again instead of waiting.
type probes struct {
	ready    atomic.Bool
	listener net.Listener
	server   *http.Server
}

// listenProbes serves /healthz and /readyz at the address.
func listenProbes(ctx context.Context, address string, log *slog.Logger) (*probes, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("opening the port of the probes: %w", err)
	}
	p := &probes{listener: listener}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !p.ready.Load() {
			http.Error(w, "waiting for the API server", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
	p.server = &http.Server{
		Handler: mux, ReadHeaderTimeout: probeTimeout, ReadTimeout: probeTimeout, WriteTimeout: probeTimeout,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := p.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.ErrorContext(ctx, "Serving probes ended", "error", err)
		}
	}()
	return p, nil
}

// follow makes the operator ready once the manager's caches are, whether it leads or waits to.
func (p *probes) follow(mgr ctrl.Manager) error {
	return mgr.Add(everywhere(func(ctx context.Context) error {
		p.ready.Store(true)
		<-ctx.Done()
		return nil
	}))
}

// close ends the probes with the process.
func (p *probes) close() error { return p.server.Close() }

// everywhere is a runnable of leaders and others.
type everywhere func(context.Context) error

var _ manager.LeaderElectionRunnable = everywhere(nil)

// Start runs it.
func (e everywhere) Start(ctx context.Context) error { return e(ctx) }

// NeedLeaderElection says that it runs without.
func (e everywhere) NeedLeaderElection() bool { return false }
