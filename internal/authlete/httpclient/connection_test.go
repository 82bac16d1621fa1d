package httpclient_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete/httpclient"
)

// authority issues certificates for the loopback address.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = a.issue(t, template).Leaf
	return a
}

// issue signs a certificate; the first one signs itself.
func (a *authority) issue(t *testing.T, template *x509.Certificate) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent := a.cert
	if a.key == nil {
		a.key, parent = key, template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func (a *authority) leaf(t *testing.T, name string) *tls.Certificate {
	t.Helper()
	return a.issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	})
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// serve starts a server with a certificate of the authority, which takes certificates of clients from there, too.
func (a *authority) serve(t *testing.T, handler http.HandlerFunc, settings *tls.Config) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	settings.Certificates, settings.ClientCAs = []tls.Certificate{*a.leaf(t, "server")}, a.pool()
	server.TLS = settings
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// TestClientCertificateIsReplaced: each connection shows the certificate of its time, and none where there is none.
func TestClientCertificateIsReplaced(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	shown := make(chan string, 1)
	server := ca.serve(t, func(w http.ResponseWriter, r *http.Request) {
		name := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		shown <- name
		empty(w, r)
	}, &tls.Config{ClientAuth: tls.VerifyClientCertIfGiven, MinVersion: tls.VersionTLS12})
	var current atomic.Pointer[tls.Certificate]
	transport := httpclient.NewTransport(httpclient.TransportOptions{ConnectTimeout: patience, RootCAs: ca.pool(), Certificate: current.Load})
	client := at(server.URL, transport)
	for _, name := range []string{"nobody", "first", "second"} {
		if name != "nobody" {
			current.Store(ca.leaf(t, name))
		}
		if err := token(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if got := <-shown; got != name {
			t.Errorf("%q was shown instead of %q", got, name)
		}
		transport.CloseIdleConnections()
	}
}

// TestProtocols: HTTP/2 where the backend has it, and no TLS before 1.2.
func TestProtocols(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	var proto atomic.Value
	handler := func(w http.ResponseWriter, r *http.Request) { proto.Store(r.Proto); empty(w, r) }
	options := httpclient.TransportOptions{ConnectTimeout: patience, RootCAs: ca.pool()}
	server := ca.serve(t, handler, &tls.Config{MinVersion: tls.VersionTLS12})
	if err := token(t.Context(), at(server.URL, httpclient.NewTransport(options))); err != nil || proto.Load() != "HTTP/2.0" {
		t.Errorf("protocol %v, error %v", proto.Load(), err)
	}
	old := ca.serve(t, handler, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err := token(t.Context(), at(old.URL, httpclient.NewTransport(options))); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.1: %v", err)
	}
}

// TestTunnel: a proxy passes TLS on and sees neither credentials nor content.
func TestTunnel(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server := ca.serve(t, empty, &tls.Config{MinVersion: tls.VersionTLS12})
	asked := make(chan []string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- []string{r.Method, r.Host, r.Header.Get("Proxy-Authorization"), r.Header.Get("Authorization")}
		tunnel(t, w, r.Host)
	}))
	t.Cleanup(proxy.Close)
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword("me", "word")
	var connected atomic.Int64
	transport := httpclient.NewTransport(httpclient.TransportOptions{
		ConnectTimeout: patience, RootCAs: ca.pool(), Proxy: address, Connected: func() { connected.Add(1) },
	})
	t.Cleanup(transport.CloseIdleConnections)
	client := at(server.URL, transport)
	for range 3 {
		if err := token(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{http.MethodConnect, server.Listener.Addr().String(), "Basic bWU6d29yZA==", ""}
	if diff := cmp.Diff(want, <-asked); diff != "" {
		t.Errorf("the proxy was asked for (-want +got):\n%s", diff)
	}
	if connected.Load() != 1 {
		t.Errorf("%d connections for three calls", connected.Load())
	}
}

// tunnel connects the client of a request with a host.
func tunnel(t *testing.T, w http.ResponseWriter, host string) {
	t.Helper()
	far, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer far.Close()
	w.WriteHeader(http.StatusOK)
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer near.Close()
	go func() {
		_, _ = io.Copy(far, buffered)
		_ = far.Close()
	}()
	_, _ = io.Copy(near, far)
}

// TestRefusingProxy: what it says is an error like that of any lost connection, without its page.
func TestRefusingProxy(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "PAGE-OF-THE-PROXY", http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword("me", "PASSWORD-OF-THE-PROXY")
	transport := httpclient.NewTransport(httpclient.TransportOptions{ConnectTimeout: patience, Proxy: address})
	err = token(t.Context(), at("https://authlete.example.com", transport))
	if err == nil || strings.Contains(err.Error(), "OF-THE-PROXY") {
		t.Errorf("error = %v", err)
	}
}

// TestHeaderBound: an answer cannot fill the memory with headers.
func TestHeaderBound(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 128<<10))
		empty(w, r)
	}))
	t.Cleanup(server.Close)
	err := token(t.Context(), at(server.URL, httpclient.NewTransport(httpclient.TransportOptions{ConnectTimeout: patience})))
	if err == nil || len(err.Error()) > 1000 {
		t.Errorf("error = %v", err)
	}
}

// TestTruncatedAnswer: a body that ends early is a lost connection, and a read is made again.
func TestTruncatedAnswer(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) > 1 {
			empty(w, r)
			return
		}
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"issuer":`)
	}))
	t.Cleanup(server.Close)
	client := at(server.URL, httpclient.NewTransport(httpclient.TransportOptions{ConnectTimeout: patience}))
	if _, err := client.ServiceConfiguration(t.Context()); err != nil || requests.Load() != 2 {
		t.Errorf("%d requests, error %v", requests.Load(), err)
	}
}
