package middleware

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks whose X-Forwarded-For is believed.
type Proxies struct {
	trusted []netip.Prefix
}

// NewProxies parses CIDRs, which were validated before.
func NewProxies(cidrs []string) (Proxies, error) {
	var p Proxies
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
