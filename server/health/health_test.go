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

	"github.com/authserver-dev/operator/server/health"
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
	}, slog.New(slog.NewTextHandler(&log, nil)))
	probe := func(handler http.HandlerFunc) (int, string) {
		w := httptest.NewRecorder()
		handler(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		return w.Code, w.Body.String()
	}
	for _, step := range []struct {
		problem error
		status  int
		lines   int
	}{{nil, 200, 0}, {errors.New("database secret.internal is gone"), 503, 1}, {errors.New("still"), 503, 1}, {nil, 200, 2}, {nil, 200, 2}} {
		problem = step.problem
		status, body := probe(state.Ready)
		if status != step.status || strings.Contains(body, "secret") || strings.Count(log.String(), "\n") != step.lines {
			t.Errorf("problem %v: %d %q, log:\n%s", step.problem, status, body, log.String())
		}
		if status, _ := probe(state.Live); status != http.StatusOK {
			t.Errorf("alive: %d", status)
		}
	}
	if !strings.Contains(log.String(), "secret.internal") {
		t.Error("the log does not say why")
	}
	state.Drain()
	if status, body := probe(state.Ready); status != http.StatusServiceUnavailable || body != "draining\n" || !state.Draining() {
		t.Errorf("draining: %d %q", status, body)
	}
}
