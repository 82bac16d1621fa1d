package outbound

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func newServer(t *testing.T, handler http.HandlerFunc) (string, *x509.CertPool) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return server.URL, pool
}

func TestFetch(t *testing.T) {
	t.Parallel()
	uri, pool := newServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) })
	body, err := New(Options{AllowLoopback: true, RootCAs: pool}).Fetch(t.Context(), uri)
	if err != nil || string(body) != `{"keys":[]}` {
		t.Errorf("Fetch = %q, %v", body, err)
	}
}

func TestFetchRefusesLoopback(t *testing.T) {
	t.Parallel()
	uri, pool := newServer(t, func(http.ResponseWriter, *http.Request) { t.Error("the request went out") })
	localhost := strings.Replace(uri, "127.0.0.1", "localhost", 1)
	for _, target := range []string{uri, localhost} {
		if _, err := New(Options{RootCAs: pool}).Fetch(t.Context(), target); !errors.Is(err, ErrForbidden) {
			t.Errorf("Fetch(%q): %v, want ErrForbidden", target, err)
		}
	}
}

func TestFetchRefusesURIs(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{
		"", "http://example.com/jwks", "file:///etc/passwd", "https://", "https:///jwks", "https://user:pw@example.com/",
		"//example.com", "ftp://example.com", "https:example.com", "\x00",
	} {
		if _, err := New(Options{AllowLoopback: true}).Fetch(t.Context(), uri); err == nil {
			t.Errorf("Fetch(%q) went through", uri)
		}
	}
}

func TestFetchRefusesAnswers(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"NotFound": http.NotFound,
		"Redirect": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				http.Redirect(w, r, "/elsewhere", http.StatusFound)
			}
		},
		"TooLarge": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte(" "), maxDocument+1)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			uri, pool := newServer(t, handler)
			if body, err := New(Options{AllowLoopback: true, RootCAs: pool}).Fetch(t.Context(), uri); err == nil {
				t.Errorf("Fetch returned %d bytes", len(body))
			}
		})
	}
}

func TestFetchEndsWithContext(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	uri, pool := newServer(t, func(http.ResponseWriter, *http.Request) { cancel(); <-release })
	t.Cleanup(func() { close(release) }) // before the server closes, which waits for its handler
	if _, err := New(Options{AllowLoopback: true, RootCAs: pool}).Fetch(ctx, uri); !errors.Is(err, context.Canceled) {
		t.Errorf("Fetch: %v, want context.Canceled", err)
	}
}

func TestFetchVerifiesCertificate(t *testing.T) {
	t.Parallel()
	uri, _ := newServer(t, func(http.ResponseWriter, *http.Request) { t.Error("the request went out") })
	var failure *url.Error
	if _, err := New(Options{AllowLoopback: true, RootCAs: x509.NewCertPool()}).Fetch(t.Context(), uri); !errors.As(err, &failure) {
		t.Errorf("Fetch: %v, want a TLS failure", err)
	}
}

func TestCheckAddress(t *testing.T) {
	t.Parallel()
	for address, allowed := range map[string]bool{
		"93.184.216.34:443": true, "[2606:2800:220:1::1]:443": true, "8.8.8.8:8443": true,
		"127.0.0.1:443": false, "127.8.8.8:443": false, "[::1]:443": false, "[::ffff:127.0.0.1]:443": false,
		"10.0.0.1:443": false, "172.16.0.1:443": false, "192.168.1.1:443": false, "[::ffff:10.0.0.1]:443": false,
		"169.254.169.254:443": false, "[fe80::1]:443": false, "[fe80::1%eth0]:443": false, "[fd00::1]:443": false,
		"100.64.0.1:443": false, "100.100.100.200:443": false, "0.0.0.0:443": false, "0.1.2.3:443": false, "[::]:443": false,
		"224.0.0.1:443": false, "255.255.255.255:443": false, "240.0.0.1:443": false, "[ff02::1]:443": false,
		"198.18.0.1:443": false, "[64:ff9b::a00:1]:443": false, "[2002:a00:1::]:443": false, "[2001:0:1::]:443": false,
		"[::7f00:1]:443": false, "not-an-address": false, "": false,
	} {
		if err := checkAddress(address, false); (err == nil) != allowed {
			t.Errorf("checkAddress(%q) = %v, want allowed %v", address, err, allowed)
		}
	}
}
