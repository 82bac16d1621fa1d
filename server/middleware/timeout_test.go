package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/authserver-dev/operator/server/middleware"
	"github.com/authserver-dev/operator/server/reply"
)

// TestWorkIsBounded: an endpoint's context ends with the time that the options give for a request.
func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	var left time.Duration
	w := wrap(t, true, middleware.Endpoint{Answer: func(r *http.Request) reply.Answer {
		if end, ok := r.Context().Deadline(); ok {
			left = time.Until(end)
		}
		return empty(r)
	}})
	w.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if left <= 0 || left > time.Second {
		t.Errorf("the endpoint had %s, of one second", left)
	}
}
