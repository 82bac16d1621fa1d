package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

const (
	// maxDocument bounds what is read. A JWK Set with ten RSA keys has 5 KiB.
	maxDocument = 64 << 10
	// timeout bounds the whole exchange: a token request waits for it.
	timeout = 3 * time.Second
	// maxHeader bounds the response header.
	maxHeader = 16 << 10
)

// ErrForbidden means that the address is not one that the server may be sent to.
var ErrForbidden = errors.New("address is not allowed")

// Options configure a Fetcher.
type Options struct {
	// AllowLoopback lets loopback addresses through. It is there for tests.
	AllowLoopback bool
	// RootCAs verifies servers; nil means the system's.
	RootCAs *x509.CertPool
}

// Fetcher fetches small documents over HTTPS.
type Fetcher struct {
	client *http.Client
}

// New returns a Fetcher.
func New(options Options) *Fetcher {
	dialer := &net.Dialer{
		Timeout: timeout,
		// The resolved address is checked, right before it is dialed: a name may resolve differently each time.
		Control: func(_, address string, _ syscall.RawConn) error { return checkAddress(address, options.AllowLoopback) },
	}
	return &Fetcher{client: &http.Client{
		Timeout: timeout,
		// A redirect leads where nobody registered.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			// No proxy: the check above would judge the proxy's address instead of the target's.
			Proxy:                  nil,
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: options.RootCAs},
			TLSHandshakeTimeout:    timeout,
			ResponseHeaderTimeout:  timeout,
			MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives:      true, // one document in minutes
		},
	}}
}

// Fetch returns the document at an https URI.
func (f *Fetcher) Fetch(ctx context.Context, uri string) ([]byte, error) {
	parsed, err := url.Parse(uri)
	if err != nil {
		return nil, fmt.Errorf("parsing URI: %w", err)
	}
	if parsed.Scheme != "https" || parsed.Host == "" || parsed.User != nil {
		return nil, fmt.Errorf("%w: only https URIs without credentials are", ErrForbidden)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, parsed.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("preparing request: %w", err)
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := f.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("requesting document: %w", err)
	}
	body, err := read(response)
	if closeErr := response.Body.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("closing response: %w", closeErr)
	}
	return body, err
}

func read(response *http.Response) ([]byte, error) {
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("server answered with status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("reading response: %w", err)
	}
	if len(body) > maxDocument {
		return nil, fmt.Errorf("document is larger than %d bytes", maxDocument)
	}
	return body, nil
}

// checkAddress refuses addresses that are not public.
func checkAddress(address string, allowLoopback bool) error {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q is not an address", ErrForbidden, address)
	}
	ip := parsed.Addr().Unmap()
	if ip.IsLoopback() && allowLoopback {
		return nil
	}
	if !public(ip) {
		return fmt.Errorf("%w: it is not public", ErrForbidden)
	}
	return nil
}

// public says whether an address belongs to the public Internet (RFC 6890 and the registries that it began).
func public(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Zone() != "" {
		return false
	}
	for _, prefix := range reserved() {
		if prefix.Contains(ip) {
			return false
		}
	}
	return true
}

// reserved lists the special-purpose ranges that netip takes for global unicast.
func reserved() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),       // this network
		netip.MustParsePrefix("100.64.0.0/10"),   // carrier-grade NAT, and some clouds' metadata
		netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
		netip.MustParsePrefix("192.0.2.0/24"),    // documentation
		netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays
		netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
		netip.MustParsePrefix("198.51.100.0/24"), // documentation
		netip.MustParsePrefix("203.0.113.0/24"),  // documentation
		netip.MustParsePrefix("240.0.0.0/4"),     // reserved, broadcast
		netip.MustParsePrefix("::/96"),           // IPv4-compatible
		netip.MustParsePrefix("64:ff9b::/96"),    // NAT64: leads to any IPv4 address
		netip.MustParsePrefix("64:ff9b:1::/48"),  // local NAT64
		netip.MustParsePrefix("100::/64"),        // discard
		netip.MustParsePrefix("2001::/23"),       // protocol assignments, Teredo among them
		netip.MustParsePrefix("2001:db8::/32"),   // documentation
		netip.MustParsePrefix("2002::/16"),       // 6to4: leads to any IPv4 address
		netip.MustParsePrefix("fec0::/10"),       // site-local
	}
}
