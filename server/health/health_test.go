package health_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/authserver-dev/operator/server/health"
	"github.com/authserver-dev/operator/server/reply"
)

func TestReady(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var problem error
	state := health.New(func(ctx context.Context) error {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("the check has no deadline")
		}
		return problem
	}, time.Now, slog.New(slog.NewTextHandler(&log, nil)))
	probe := func(handler http.Handler) (int, string) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		return w.Code, w.Body.String()
	}
	for _, step := range []struct {
		problem error
		status  int
		lines   int
	}{{nil, 200, 0}, {errors.New("database secret.internal is gone"), 503, 1}, {errors.New("still"), 503, 1}, {nil, 200, 2}, {nil, 200, 2}} {
		problem = step.problem
		status, body := probe(state.Ready(0))
		if status != step.status || strings.Contains(body, "secret") || strings.Count(log.String(), "\n") != step.lines {
			t.Errorf("problem %v: %d %q, log:\n%s", step.problem, status, body, log.String())
		}
		if status, _ := probe(reply.Endpoint(state.Live)); status != http.StatusOK {
			t.Errorf("alive: %d", status)
		}
	}
	if !strings.Contains(log.String(), "secret.internal") {
		t.Error("the log does not say why")
	}
	state.Drain()
	if status, body := probe(state.Ready(0)); status != http.StatusServiceUnavailable || body != "draining\n" || !state.Draining() {
		t.Errorf("draining: %d %q", status, body)
	}
}

// TestStrangersDoNotDecideHowOftenTheBackendIsAsked: within the age that an endpoint allows, one check answers everybody.
func TestStrangersDoNotDecideHowOftenTheBackendIsAsked(t *testing.T) {
	t.Parallel()
	now, checks := time.Unix(1_800_000_000, 0), 0
	state := health.New(func(context.Context) error { checks++; return nil }, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	ask := func(maxAge time.Duration) {
		state.Ready(maxAge).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	}
	for range 100 {
		ask(2 * time.Second)
	}
	if checks != 1 {
		t.Errorf("100 requests made %d checks", checks)
	}
	if ask(0); checks != 2 {
		t.Errorf("the probe of the kubelet made no check of its own: %d", checks)
	}
	now = now.Add(2 * time.Second)
	if ask(2 * time.Second); checks != 3 {
		t.Errorf("an old result is still told: %d checks", checks)
	}
}

// TestAbortingProbe: a caller who hangs up during the check does not make the server not ready.
func TestAbortingProbe(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	state := health.New(func(check context.Context) error {
		cancel()
		return check.Err()
	}, time.Now, slog.New(slog.NewTextHandler(&log, nil)))
	w := httptest.NewRecorder()
	state.Ready(0).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody).WithContext(ctx))
	if w.Code != http.StatusOK || log.Len() != 0 {
		t.Errorf("%d, log: %s", w.Code, log.String())
	}
}
