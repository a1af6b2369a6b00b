package limit

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Addresses finds out where requests come from.
type Addresses struct {
	// Trusted are the networks of proxies whose X-Forwarded-For is believed.
	Trusted []netip.Prefix
}

// Of is the address of whoever made the request: that of the connection, or, where a trusted proxy holds the connection, the last one in
// X-Forwarded-For that no trusted proxy wrote for another trusted one. What clients put in front of it themselves is never looked at.
func (a Addresses) Of(r *http.Request) netip.Addr {
	at := remote(r.RemoteAddr)
	if !a.trusts(at) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && a.trusts(at); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		at = hop.Unmap().WithZone("")
	}
	return at
}

func (a Addresses) trusts(at netip.Addr) bool {
	for _, p := range a.Trusted {
		if at.IsValid() && p.Contains(at) {
			return true
		}
	}
	return false
}

// remote reads a connection's address; a Unix socket has none.
func remote(text string) netip.Addr {
	host, _, err := net.SplitHostPort(text)
	if err != nil {
		host = text
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return at.Unmap().WithZone("")
}

// Client is the name under which an address is counted: an IPv4 address, or the /64 of an IPv6 address, which one customer has to itself.
func Client(at netip.Addr) string {
	if !at.IsValid() {
		return "local"
	}
	if at.Is4() {
		return at.String()
	}
	p, err := at.Prefix(64)
	if err != nil {
		return at.String()
	}
	return p.String()
}
