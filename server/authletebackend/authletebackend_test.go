package authletebackend_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/authletebackend"
	"github.com/authserver-dev/operator/server/requestlog"
)

const issuer = "https://login.example.com"

// authleteService answers calls of the API 3.0.
type authleteService struct {
	down         atomic.Bool
	accepted     atomic.Value // the token
	document     atomic.Value
	jwks         atomic.Value
	header       atomic.Value
	certificates atomic.Int64
}

func newAuthlete() *authleteService {
	a := &authleteService{}
	a.accepted.Store("first")
	a.document.Store(`{"issuer":"` + issuer + `"}`)
	a.jwks.Store(`{"keys":[{"kty":"EC"}]}`)
	return a
}

func (a *authleteService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.header.Store(r.Header)
	if r.TLS != nil {
		a.certificates.Store(int64(len(r.TLS.PeerCertificates)))
	}
	switch token, _ := a.accepted.Load().(string); {
	case a.down.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.Header.Get("Authorization") != "Bearer "+token:
		w.WriteHeader(http.StatusUnauthorized)
	case strings.HasSuffix(r.URL.Path, "/service/configuration"):
		_, _ = io.WriteString(w, a.document.Load().(string))
	case strings.HasSuffix(r.URL.Path, "/service/jwks/get"):
		_, _ = io.WriteString(w, a.jwks.Load().(string))
	default:
		_, _ = io.WriteString(w, `{"action":"OK"}`)
	}
}

// folder writes an authlete.ini.
func folder(t *testing.T, base, token string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, base, token)
	return dir
}

func write(t *testing.T, dir, base, token string) {
	t.Helper()
	ini := "[authlete]\napi_version = V3\nbase_url = " + base + "\nservice.api_key = 1\nservice.access_token = " + token + "\n"
	if err := os.WriteFile(filepath.Join(dir, "authlete.ini"), []byte(ini), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, config configv1alpha1.AuthleteBackend) *authletebackend.Backend {
	t.Helper()
	full := &configv1alpha1.ServerConfig{Issuer: issuer, Backend: configv1alpha1.Backend{Type: configv1alpha1.BackendAuthlete, Authlete: &config}}
	configv1alpha1.Default(full)
	b, err := authletebackend.Open(authletebackend.Options{Config: &config, Issuer: issuer, Log: slog.New(slog.DiscardHandler), Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// run runs the backend until the test ends.
func run(t *testing.T, b *authletebackend.Backend) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain: " + what)
		}
	}
}

// TestOutage: documents are served while Authlete is away, and a server that starts meanwhile becomes ready by itself.
func TestOutage(t *testing.T) {
	t.Parallel()
	a := newAuthlete()
	a.down.Store(true)
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	b := open(t, configv1alpha1.AuthleteBackend{CredentialsDirectory: folder(t, server.URL, "first")})
	if b.Ready(t.Context()) == nil {
		t.Error("ready before anything was read")
	}
	refused, ok := errors.AsType[*authlete.Error](second(b.ServiceJWKS(t.Context())))
	if !ok || refused.RetryAfter <= 0 {
		t.Errorf("the JWK Set before it was read: %v", refused)
	}
	run(t, b)
	a.down.Store(false)
	eventually(t, "ready", func() bool { return b.Ready(t.Context()) == nil })
	a.down.Store(true)
	if err := second(b.Introspection(t.Context(), &authlete.IntrospectionRequest{})); err == nil {
		t.Error("Authlete is not away")
	}
	for name, read := range map[string]func(context.Context) ([]byte, error){"keys": b.ServiceJWKS, "issuer": b.ServiceConfiguration} {
		if document, err := read(t.Context()); err != nil || !strings.Contains(string(document), name) {
			t.Errorf("%s: %s, %v", name, document, err)
		}
	}
	if err := b.Ready(t.Context()); err != nil {
		t.Errorf("an outage made the server not ready: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// TestWrongDocuments: what cannot be right is never served.
func TestWrongDocuments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		document, jwks string
		ready          bool
	}{
		"right":          {`{"issuer":"` + issuer + `"}`, `{"keys":[]}`, true},
		"no keys at all": {`{"issuer":"` + issuer + `"}`, ``, true},
		"another issuer": {`{"issuer":"https://elsewhere.example.com"}`, `{"keys":[]}`, false},
		"a page":         {`<html>`, `{"keys":[]}`, false},
		"no JWK Set":     {`{"issuer":"` + issuer + `"}`, `{}`, false},
		"keys of text":   {`{"issuer":"` + issuer + `"}`, `{"keys":"none"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthlete()
			a.document.Store(test.document)
			a.jwks.Store(test.jwks)
			synctest.Test(t, func(t *testing.T) {
				b := open(t, configv1alpha1.AuthleteBackend{CredentialsDirectory: folder(t, "http://authlete.testing.svc", "first")})
				b.Direct(a)
				run(t, b)
				time.Sleep(time.Second)
				synctest.Wait()
				if got := b.Ready(t.Context()) == nil; got != test.ready {
					t.Errorf("ready = %v: %v", got, b.Ready(t.Context()))
				}
			})
		})
	}
}

// TestStale: a document is read again every minute, and served for a day at most.
func TestStale(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAuthlete()
		b := open(t, configv1alpha1.AuthleteBackend{CredentialsDirectory: folder(t, "http://authlete.testing.svc", "first")})
		b.Direct(a)
		run(t, b)
		time.Sleep(time.Second)
		a.jwks.Store(`{"keys":[{"kid":"new"}]}`)
		time.Sleep(90 * time.Second)
		if document, err := b.ServiceJWKS(t.Context()); err != nil || !strings.Contains(string(document), "new") {
			t.Errorf("after a minute and a half: %s, %v", document, err)
		}
		a.down.Store(true)
		time.Sleep(23 * time.Hour)
		if _, err := b.ServiceJWKS(t.Context()); err != nil {
			t.Errorf("after 23 hours: %v", err)
		}
		time.Sleep(2 * time.Hour)
		if _, err := b.ServiceJWKS(t.Context()); err == nil {
			t.Error("served after 25 hours")
		}
	})
}

// TestCredentialsChange: new credentials are taken over, and no call fails meanwhile.
func TestCredentialsChange(t *testing.T) {
	t.Parallel()
	a := newAuthlete()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	dir := folder(t, server.URL, "first")
	b := open(t, configv1alpha1.AuthleteBackend{CredentialsDirectory: dir})
	run(t, b)
	call := func() error { return second(b.Token(t.Context(), &authlete.TokenRequest{})) }
	if err := call(); err != nil {
		t.Fatal(err)
	}
	write(t, dir, server.URL, "second")
	a.accepted.Store("second")
	eventually(t, "the new token", func() bool { return call() == nil })
	if err := os.WriteFile(filepath.Join(dir, "authlete.ini"), []byte("[authlete]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the broken file is noticed", func() bool { return !b.Files()[0].Healthy() })
	if err := call(); err != nil {
		t.Errorf("the last good credentials are not in use: %v", err)
	}
}

func TestForwardsRequestIDAndTraceContext(t *testing.T) {
	t.Parallel()
	a := newAuthlete()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	b := open(t, configv1alpha1.AuthleteBackend{CredentialsDirectory: folder(t, server.URL, "first")})
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ctx := requestlog.With(t.Context(), &requestlog.Request{RequestID: "request-1", TraceParent: parent, TraceState: "vendor=1"})
	if err := second(b.Token(ctx, &authlete.TokenRequest{})); err != nil {
		t.Fatal(err)
	}
	header := a.header.Load().(http.Header)
	for name, want := range map[string]string{"X-Request-Id": "request-1", "Traceparent": parent, "Tracestate": "vendor=1"} {
		if got := header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	a := newAuthlete()
	server := httptest.NewUnstartedServer(a)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	dir := t.TempDir()
	certificate, key := pair(t, server.TLS.Certificates[0])
	for name, content := range map[string][]byte{"ca.crt": certificate, "tls.crt": certificate, "tls.key": key, "none": []byte("no PEM")} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := configv1alpha1.AuthleteBackend{
		CredentialsDirectory: folder(t, server.URL, "first"), CAFile: filepath.Join(dir, "ca.crt"),
		ClientCertificate: &configv1alpha1.TLSFiles{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key")},
	}
	if err := second(open(t, config).Token(t.Context(), &authlete.TokenRequest{})); err != nil || a.certificates.Load() != 1 {
		t.Errorf("error %v, %d certificates shown", err, a.certificates.Load())
	}
	config.CAFile = filepath.Join(dir, "none")
	_, err := authletebackend.Open(authletebackend.Options{Config: &config, Issuer: issuer, Log: slog.New(slog.DiscardHandler), Clock: time.Now})
	if err == nil || !strings.Contains(err.Error(), "caFile") {
		t.Errorf("a CA file without certificates: %v", err)
	}
}

func pair(t *testing.T, certificate tls.Certificate) (chain, key []byte) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	chain = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	return chain, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	a := newAuthlete()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	b := open(t, configv1alpha1.AuthleteBackend{CredentialsDirectory: folder(t, server.URL, "first")})
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(b.Collectors()...)
	if err := second(b.Token(t.Context(), &authlete.TokenRequest{})); err != nil {
		t.Fatal(err)
	}
	a.down.Store(true)
	for range 8 {
		if err := second(b.Token(t.Context(), &authlete.TokenRequest{})); err == nil {
			t.Fatal("Authlete is not away")
		}
	}
	got := gather(t, registry)
	for name, want := range map[string]float64{
		"authserver_backend_calls_total answered": 1, "authserver_backend_calls_total unavailable": 5, "authserver_backend_calls_total open": 3,
		"authserver_backend_circuit_open": 1, "authserver_backend_document_age_seconds jwks": -1, "authserver_backend_connections_total": 1,
	} {
		if got[name] != want {
			t.Errorf("%s = %v, want %v", name, got[name], want)
		}
	}
}

// gather returns values by the name and the last label of a metric.
func gather(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			name := family.GetName()
			if labels := metric.GetLabel(); len(labels) > 0 {
				name += " " + labels[len(labels)-1].GetValue()
			}
			values[name] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	return values
}
