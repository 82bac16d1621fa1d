package health

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authserver-dev/operator/server/reply"
)

// checkTimeout bounds a readiness check.
const checkTimeout = 2 * time.Second

// State knows whether the server lives and whether it should get traffic.
type State struct {
	draining atomic.Bool
	check    func(context.Context) error
	clock    func() time.Time
	log      *slog.Logger

	// mu lets one check run at a time; the result of the last one and its time are kept for those who wait.
	mu      sync.Mutex
	problem error
	checked time.Time
}

// New returns a state whose readiness depends on check.
func New(check func(context.Context) error, clock func() time.Time, log *slog.Logger) *State {
	return &State{check: check, clock: clock, log: log}
}

// Drain makes the server not ready, so that no new traffic is sent to it before it stops.
func (s *State) Drain() { s.draining.Store(true) }

// Draining says whether Drain was called.
func (s *State) Draining() bool { return s.draining.Load() }

// Live answers liveness probes.
func (s *State) Live(*http.Request) reply.Answer { return reply.Content(http.StatusOK, plain, "ok\n") }

// Ready answers readiness probes. The check is made anew unless its last result is younger than maxAge: whoever can reach
// the port must not decide how often the backend is asked. Why the server is not ready is in the log, not here.
func (s *State) Ready(maxAge time.Duration) reply.Endpoint {
	return func(r *http.Request) reply.Answer {
		switch {
		case s.draining.Load():
			return reply.Content(http.StatusServiceUnavailable, plain, "draining\n")
		case s.ready(r.Context(), maxAge) != nil:
			return reply.Content(http.StatusServiceUnavailable, plain, "not ready\n")
		default:
			return reply.Content(http.StatusOK, plain, "ok\n")
		}
	}
}

// ready returns the result of the last check, or of a new one. Its end does not depend on the caller: a probe that hangs
// up does not make the server not ready.
func (s *State) ready(ctx context.Context, maxAge time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.checked.IsZero() && s.clock().Sub(s.checked) < maxAge {
		return s.problem
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	err := s.check(ctx)
	s.note(ctx, err)
	s.problem, s.checked = err, s.clock()
	return err
}

// note logs a change of the result; every probe is not logged.
func (s *State) note(ctx context.Context, err error) {
	switch {
	case err != nil && s.problem == nil:
		s.log.WarnContext(ctx, "Not ready", "error", err)
	case err == nil && s.problem != nil:
		s.log.InfoContext(ctx, "Ready again")
	}
}

const plain = "text/plain; charset=utf-8"
