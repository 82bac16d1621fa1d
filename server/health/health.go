package health

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// checkTimeout bounds a readiness check.
const checkTimeout = 2 * time.Second

// State knows whether the server lives and whether it should get traffic.
type State struct {
	draining atomic.Bool
	check    func(context.Context) error
	log      *slog.Logger
	// failing is whether the last check failed: a change is logged, every probe is not.
	failing atomic.Bool
}

// New returns a state whose readiness depends on check.
func New(check func(context.Context) error, log *slog.Logger) *State {
	return &State{check: check, log: log}
}

// Drain makes the server not ready, so that no new traffic is sent to it before it stops.
func (s *State) Drain() { s.draining.Store(true) }

// Draining says whether Drain was called.
func (s *State) Draining() bool { return s.draining.Load() }

// Live answers liveness probes.
func (s *State) Live(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok\n") }

// Ready answers readiness probes. Why it is not ready is in the log, not here.
func (s *State) Ready(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		answer(w, http.StatusServiceUnavailable, "draining\n")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
	defer cancel()
	err := s.check(ctx)
	s.note(ctx, err)
	if err != nil {
		answer(w, http.StatusServiceUnavailable, "not ready\n")
		return
	}
	answer(w, http.StatusOK, "ok\n")
}

func (s *State) note(ctx context.Context, err error) {
	failing := err != nil
	if s.failing.Swap(failing) == failing {
		return
	}
	if failing {
		s.log.WarnContext(ctx, "Not ready", "error", err)
		return
	}
	s.log.InfoContext(ctx, "Ready again")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the probe is gone if this fails
}
