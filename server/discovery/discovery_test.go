package discovery_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/authserver-dev/operator/server/discovery"
)

func TestDocument(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		document string
		err      error
		status   int
		cache    string
	}{
		"document": {`{"issuer":"x"}`, nil, http.StatusOK, "public, max-age=300"},
		"outage":   {"", errors.New("no route"), http.StatusServiceUnavailable, "no-store"},
	} {
		w := httptest.NewRecorder()
		discovery.Document(func(context.Context) ([]byte, error) { return []byte(test.document), test.err }).
			ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		if w.Code != test.status || w.Header().Get("Cache-Control") != test.cache || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if test.err == nil && w.Body.String() != test.document {
			t.Errorf("%s: %v %s", name, w.Header(), w.Body.String())
		}
	}
}
