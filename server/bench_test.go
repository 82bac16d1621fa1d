package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/test/servertest"
)

// unread is a response that nobody reads.
type unread struct{ header http.Header }

func (u *unread) Header() http.Header            { return u.header }
func (u *unread) Write(data []byte) (int, error) { return len(data), nil }
func (u *unread) WriteHeader(int)                {}

// BenchmarkRequest shows what requests cost beside what net/http costs: middleware, endpoint and engine.
func BenchmarkRequest(b *testing.B) {
	s := servertest.Start(b, servertest.Options{})
	client := s.Client(b, nil)
	handler := s.Handler.Public()
	b.Run("discovery", func(b *testing.B) {
		r := httptest.NewRequest(http.MethodGet, "/.well-known/openid-configuration", http.NoBody)
		b.ReportAllocs()
		for b.Loop() {
			handler.ServeHTTP(&unread{http.Header{}}, r)
		}
	})
	b.Run("client credentials", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := httptest.NewRequest(http.MethodPost, "/api/token", strings.NewReader("grant_type=client_credentials"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.SetBasicAuth("app", client.ClientSecret)
			handler.ServeHTTP(&unread{http.Header{}}, r)
		}
	})
}
