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
// shared says that other people may come from the same address: it is that of a proxy, as far as is known, or one of a
// private network, where nodes and gateways of a cluster stand in for their callers.
func (p Proxies) Client(r *http.Request) (address string, shared bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if !p.trusts(host) {
		return host, p.unnamed(r) || private(host)
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		address, ok := parseHop(hop)
		if !ok {
			return host, true // the chain is broken: believe nothing before it
		}
		host = address
		if !p.trusts(host) {
			break
		}
	}
	return host, false
}

// parseHop reads an element of X-Forwarded-For as proxies write it: an address, with or without a port, IPv6 with or without
// brackets, in quotes or not.
func parseHop(text string) (string, bool) {
	text = strings.Trim(strings.TrimSpace(text), `"`)
	if address, err := netip.ParseAddrPort(text); err == nil {
		return address.Addr().String(), true
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		text = strings.TrimSuffix(inner, "]")
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return "", false
	}
	return address.String(), true
}

// private says whether an address is of a network that is not routed on the Internet (RFC 1918, RFC 4193, RFC 6598), or of
// this machine, or no IP address at all.
func private(host string) bool {
	address, err := netip.ParseAddr(host)
	if err != nil {
		return true
	}
	address = address.Unmap()
	return address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast() || sharedSpace().Contains(address)
}

// sharedSpace is the address space behind the translation of carriers (RFC 6598).
func sharedSpace() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10) }

// FromTrusted says whether a request comes directly from a trusted proxy.
func (p Proxies) FromTrusted(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && p.trusts(host)
}

// unnamed says whether the request seems to come through a proxy although none is configured. Where proxies are configured,
// another peer that sends the header only pretends to be one.
func (p Proxies) unnamed(r *http.Request) bool {
	return len(p.trusted) == 0 && r.Header["X-Forwarded-For"] != nil
}

// warn says once that callers cannot be told apart.
func (p Proxies) warn(ctx context.Context, log *slog.Logger, peer string) {
	if !p.warned.Swap(true) {
		log.WarnContext(ctx, "Requests come through a proxy that trustedProxies does not name: wrong passwords slow down the logins of all people behind it",
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
