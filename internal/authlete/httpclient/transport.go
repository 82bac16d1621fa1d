package httpclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	// idleConnections are kept for each host: as many as callers that may wait for a slow backend at the same time.
	idleConnections = 1024
	// idleTimeout is below the 60 s after which load balancers commonly close: a call that is not repeated would be lost if it
	// met that.
	idleTimeout = 45 * time.Second
	maxHeader   = 64 << 10
	// silence is how long a connection of HTTP/2 may say nothing before it is asked for a sign of life. All calls share it: one
	// that broke without a word would fail them until the operating system notices, which takes a quarter of an hour.
	silence    = 15 * time.Second
	signOfLife = 5 * time.Second
)

// TransportOptions configure connections to the API.
type TransportOptions struct {
	// ConnectTimeout bounds the connection, and again TLS on it. Required.
	ConnectTimeout time.Duration
	// Proxy is a proxy on the way; nil does what the environment says (HTTPS_PROXY and its siblings).
	Proxy *url.URL
	// RootCAs are trusted; nil trusts the authorities of the system.
	RootCAs *x509.CertPool
	// Certificate returns the client certificate to show, and is asked for each connection; nil shows none.
	Certificate func() *tls.Certificate
	// Connected is told of every new connection; nil tells nobody.
	Connected func()
}

// NewTransport returns a transport that keeps connections for many callers.
func NewTransport(opts TransportOptions) *http.Transport {
	dialer := &net.Dialer{Timeout: opts.ConnectTimeout, KeepAlive: 30 * time.Second}
	proxy := http.ProxyFromEnvironment
	if opts.Proxy != nil {
		proxy = http.ProxyURL(opts.Proxy)
	}
	settings := &tls.Config{RootCAs: opts.RootCAs, MinVersion: tls.VersionTLS12}
	if opts.Certificate != nil {
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if certificate := opts.Certificate(); certificate != nil {
				return certificate, nil
			}
			return &tls.Certificate{}, nil // crypto/tls takes an empty one for none, and no nil
		}
	}
	return &http.Transport{
		Proxy: proxy, TLSClientConfig: settings, TLSHandshakeTimeout: opts.ConnectTimeout,
		ForceAttemptHTTP2: true, HTTP2: &http.HTTP2Config{SendPingTimeout: silence, PingTimeout: signOfLife},
		MaxIdleConns: 2 * idleConnections, MaxIdleConnsPerHost: idleConnections, IdleConnTimeout: idleTimeout, MaxResponseHeaderBytes: maxHeader,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err == nil && opts.Connected != nil {
				opts.Connected()
			}
			return conn, err
		},
	}
}

// NewHTTPClient returns a client that bounds a whole call by a timeout and follows no redirects: credentials go to the host
// that they are for and nowhere else.
func NewHTTPClient(transport http.RoundTripper, timeout time.Duration) *http.Client {
	return &http.Client{
		Transport: transport, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
