package httpclient_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
)

// patience only keeps a test from hanging: a busy machine may be slow.
const patience = time.Minute

// at returns a client that calls a server.
func at(base string, transport *http.Transport) *httpclient.Client {
	as := version2()
	as.BaseURL = base
	return httpclient.New(httpclient.Options{
		Credentials: func() *credentials.Credentials { return as }, HTTP: httpclient.NewHTTPClient(transport, patience), Clock: time.Now,
	})
}

func empty(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }

func TestTLS(t *testing.T) {
	t.Parallel()
	var shown atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown.Add(int64(len(r.TLS.PeerCertificates)))
		empty(w, r)
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	trusting := httpclient.NewTransport(httpclient.TransportOptions{
		ConnectTimeout: patience, RootCAs: pool, Certificate: func() *tls.Certificate { return &server.TLS.Certificates[0] },
	})
	if err := token(t.Context(), at(server.URL, trusting)); err != nil || shown.Load() != 1 {
		t.Errorf("error %v, %d certificates shown", err, shown.Load())
	}
	strange := httpclient.NewTransport(httpclient.TransportOptions{ConnectTimeout: patience})
	var unknown x509.UnknownAuthorityError
	if err := token(t.Context(), at(server.URL, strange)); !errors.As(err, &unknown) {
		t.Errorf("an unknown authority: %v", err)
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.String())
		empty(w, r)
	}))
	t.Cleanup(proxy.Close)
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := httpclient.NewTransport(httpclient.TransportOptions{ConnectTimeout: patience, Proxy: address})
	if err := token(t.Context(), at("http://authlete.example.com", transport)); err != nil {
		t.Fatal(err)
	}
	if want := "http://authlete.example.com/api/auth/token"; asked.Load() != want {
		t.Errorf("the proxy was asked for %v, want %s", asked.Load(), want)
	}
}

// TestRedirectsAreNotFollowed: credentials are for one host.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { elsewhere.Add(1); empty(w, r) }))
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	err := token(t.Context(), at(server.URL, httpclient.NewTransport(httpclient.TransportOptions{ConnectTimeout: patience})))
	refused, ok := errors.AsType[*authlete.Error](err)
	if !ok || refused.Status != http.StatusTemporaryRedirect || elsewhere.Load() != 0 {
		t.Errorf("error %v, %d requests elsewhere", err, elsewhere.Load())
	}
}

// TestConnectionsAreUsedAgain: a crowd of callers makes its connections once.
func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	const callers, rounds = 1000, 3
	crowd := &barrier{size: callers, all: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		crowd.wait(r.Context()) // all are under way at once
		empty(w, r)
	}))
	t.Cleanup(server.Close)
	var connected atomic.Int64
	client := at(server.URL, httpclient.NewTransport(httpclient.TransportOptions{ConnectTimeout: patience, Connected: func() { connected.Add(1) }}))
	for range rounds {
		var group sync.WaitGroup
		for range callers {
			group.Go(func() {
				if err := token(t.Context(), client); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
	if got := connected.Load(); got > callers+callers/10 {
		t.Errorf("%d connections for %d callers in %d rounds", got, callers, rounds)
	}
}

// barrier lets callers pass once there are as many as its size, and then gathers the next ones.
type barrier struct {
	size int

	mu      sync.Mutex
	waiting int
	all     chan struct{}
}

func (b *barrier) wait(ctx context.Context) {
	b.mu.Lock()
	all := b.all
	b.waiting++
	if b.waiting == b.size {
		close(b.all)
		b.waiting, b.all = 0, make(chan struct{})
	}
	b.mu.Unlock()
	select {
	case <-all:
	case <-ctx.Done():
	}
}

// TestConnectTimeout: a host that does not answer is given up.
func TestConnectTimeout(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0") // accepts, and never speaks TLS
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	transport := httpclient.NewTransport(httpclient.TransportOptions{ConnectTimeout: 50 * time.Millisecond})
	err = token(t.Context(), at(fmt.Sprintf("https://%s", listener.Addr()), transport))
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("error = %v", err)
	}
}
