package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/test/servertest"
)

// BenchmarkClientCredentials measures everything above the connection: middleware, log line, endpoint, engine.
func BenchmarkClientCredentials(b *testing.B) {
	s := servertest.Start(b, servertest.Options{})
	client := s.Client(b, nil)
	handler := s.Handler.Public()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/api/token", strings.NewReader("grant_type=client_credentials"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("app", client.ClientSecret)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body.String())
		}
	}
}
