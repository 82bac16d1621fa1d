package engine_test

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/engine/enginetest"
	"github.com/authserver-dev/operator/server/engine/httpapi"
	"github.com/authserver-dev/operator/test/postgrestest"
)

// open opens an engine that ends with the test.
func open(t *testing.T, clock *enginetest.Clock, storage engine.Storage, service authlete.Service) *engine.Engine {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Options{
		Storage: storage, KEK: bytes.Repeat([]byte{7}, 32), Service: service, SigningAlgorithm: "ES256", Publish: time.Hour,
		Clock: clock.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// suite runs the suite on engines whose storage is made anew for each.
func suite(t *testing.T, storage func(*testing.T) engine.Storage) {
	t.Helper()
	enginetest.Run(t, func(t *testing.T, service authlete.Service) enginetest.Backend {
		t.Helper()
		clock := enginetest.NewClock()
		e := open(t, clock, storage(t), service)
		return enginetest.Backend{Runtime: e, Management: e, Clock: clock}
	})
}

func inMemory(*testing.T) engine.Storage { return engine.Storage{} }

func TestMemory(t *testing.T) {
	t.Parallel()
	suite(t, inMemory)
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	suite(t, func(t *testing.T) engine.Storage {
		t.Helper()
		return engine.Storage{SQLitePath: filepath.Join(t.TempDir(), "engine.db")}
	})
}

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	suite(t, func(t *testing.T) engine.Storage {
		t.Helper()
		return engine.Storage{PostgreSQL: server.Database(t), MaxConnections: 10}
	})
}

// TestWire runs the suite through our own client and server: each proves the other.
func TestWire(t *testing.T) {
	t.Parallel()
	for _, version := range []credentials.Version{credentials.V2, credentials.V3} {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			overTheWire(t, version)
		})
	}
}

// overTheWire runs the suite through our client and the engine's API in one dialect.
func overTheWire(t *testing.T, version credentials.Version) {
	t.Helper()
	enginetest.Run(t, func(t *testing.T, service authlete.Service) enginetest.Backend {
		t.Helper()
		clock := enginetest.NewClock()
		e := open(t, clock, engine.Storage{}, service)
		as := &credentials.Credentials{
			Version: version, ServiceID: "1", AccessToken: "token", APISecret: "secret", OwnerKey: "2", OwnerSecret: "owner-secret",
		}
		server := httptest.NewServer(httpapi.New(httpapi.Options{
			Backend: e, Credentials: func() []*credentials.Credentials { return []*credentials.Credentials{as} }, Log: slog.New(slog.DiscardHandler),
		}))
		t.Cleanup(server.Close)
		as.BaseURL = server.URL
		client := httpclient.New(httpclient.Options{
			Clock:       time.Now,
			Credentials: func() *credentials.Credentials { return as }, HTTP: &http.Client{Timeout: 10 * time.Second},
		})
		return enginetest.Backend{Runtime: client, Management: client, Clock: clock}
	})
}
