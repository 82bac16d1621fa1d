package servertest

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/server/authletebackend"
	"github.com/authserver-dev/operator/server/engine/httpapi"
)

// Wire makes the server call its engine as it calls Authlete: over HTTP, with credentials from an authlete.ini.
type Wire struct {
	// Version is the dialect.
	Version credentials.Version
	// Between, if not nil, stands between the server and the engine.
	Between func(engine http.Handler) http.Handler
	// RequestSeconds bounds a call; 0 means the default.
	RequestSeconds configv1alpha1.Seconds
}

// WireSecret is the secret with which the server calls its engine.
const WireSecret = "wire-secret-of-the-service"

// connect starts the engine's API and the backend that calls it, and waits until the server could be ready.
func (s *Server) connect(tb testing.TB, wire *Wire, log *slog.Logger) *authletebackend.Backend {
	tb.Helper()
	accepted := &credentials.Credentials{Version: wire.Version, ServiceID: "1", APISecret: WireSecret, AccessToken: WireSecret}
	var handler http.Handler = httpapi.New(httpapi.Options{
		Backend: s.Engine, Credentials: func() []*credentials.Credentials { return []*credentials.Credentials{accepted} }, Log: slog.New(slog.DiscardHandler),
	})
	if wire.Between != nil {
		handler = wire.Between(handler)
	}
	api := httptest.NewServer(handler)
	tb.Cleanup(api.Close)
	if err := os.MkdirAll(s.path("authlete"), 0o700); err != nil {
		tb.Fatal(err)
	}
	s.write(tb, "authlete/authlete.ini", fmt.Appendf(nil,
		"[authlete]\napi_version = %s\nbase_url = %s\nservice.api_key = 1\nservice.api_secret = %s\nservice.access_token = %s\n",
		wire.Version, api.URL, WireSecret, WireSecret))
	config := &configv1alpha1.AuthleteBackend{CredentialsDirectory: s.path("authlete"), ConnectSeconds: 30, RequestSeconds: cmp.Or(wire.RequestSeconds, 30)}
	b, err := authletebackend.Open(authletebackend.Options{Config: config, Issuer: s.URL, Log: log, Clock: time.Now})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { b.Run(ctx) })
	tb.Cleanup(func() {
		cancel()
		group.Wait()
		if err := b.Close(); err != nil {
			tb.Error(err)
		}
	})
	for end := time.Now().Add(time.Minute); b.Ready(ctx) != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatal(b.Ready(ctx))
		}
	}
	return b
}
