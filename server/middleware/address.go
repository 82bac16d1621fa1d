package middleware

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
)

// Proxies are the networks whose X-Forwarded-For is believed.
type Proxies struct {
	trusted []netip.Prefix
	// warned is whether the log said that there is a proxy which nobody told us of.
	warned *atomic.Bool
}

// NewProxies parses CIDRs, which were validated before.
func NewProxies(cidrs []string) (Proxies, error) {
	p := Proxies{warned: &atomic.Bool{}}
	for _, cidr := range cidrs {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			return p, err
		}
		p.trusted = append(p.trusted, prefix)
	}
	return p, nil
}

// Client returns the address of the caller: the peer, or behind trusted proxies the last address that none of them has.
func (p Proxies) Client(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if len(p.trusted) == 0 || !p.trusts(host) {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		hop = strings.TrimSpace(hop)
		if _, err := netip.ParseAddr(hop); err != nil {
			return host // the chain is broken: believe nothing before it
		}
		host = hop
		if !p.trusts(hop) {
			break
		}
	}
	return host
}

// FromTrusted says whether a request comes directly from a trusted proxy.
func (p Proxies) FromTrusted(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && p.trusts(host)
}

// Shared says whether the peer is a proxy that nobody told us of: then its address is everybody's, and must not be held
// against anybody. Where proxies are configured, whoever else sends the header only pretends to be one.
func (p Proxies) Shared(r *http.Request) bool {
	return len(p.trusted) == 0 && r.Header["X-Forwarded-For"] != nil
}

// warn says once that callers cannot be told apart.
func (p Proxies) warn(ctx context.Context, log *slog.Logger, peer string) {
	if !p.warned.Swap(true) {
		log.WarnContext(ctx, "Requests come through a proxy that trustedProxies does not name: failed logins slow down accounts only, not addresses",
			"peer", peer)
	}
}

func (p Proxies) trusts(host string) bool {
	address, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, prefix := range p.trusted {
		if prefix.Contains(address.Unmap()) {
			return true
		}
	}
	return false
}
