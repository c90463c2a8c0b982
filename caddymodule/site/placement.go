package site

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// admits reports whether a request for path, as sent, can come along the path. Matchers that ask for something else
// than the path are taken to hold.
func (p *routePath) admits(path string) bool {
	for _, p := range p.matches {
		rest, ok := cutPath(path, p.stripped)
		if !ok || !matchesPath(p.sets, rest) {
			return false
		}
	}
	return true
}

// cutPath takes a prefix of whole segments off.
func cutPath(path, prefix string) (string, bool) {
	if prefix == "" {
		return path, true
	}
	if len(path) <= len(prefix) || path[:len(prefix)] != prefix || path[len(prefix)] != '/' {
		return "", false
	}
	return path[len(prefix):], true
}

func matchesPath(sets caddyhttp.MatcherSets, path string) bool {
	if len(sets) == 0 {
		return true
	}
	ctx := context.WithValue(context.Background(), caddy.ReplacerCtxKey, caddy.NewReplacer())
	r := (&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, RequestURI: path,
		Header: http.Header{}}).WithContext(ctx)
	return slices.ContainsFunc(sets, func(set caddyhttp.MatcherSet) bool {
		for _, m := range set {
			if paths, ok := m.(*caddyhttp.MatchPath); ok && !paths.Match(r) {
				return false
			}
		}
		return true
	})
}

// locate puts together what the trails to a handler say: where it is, whether a request for its reserved path
// arrives, and whether one does with nothing cut off.
func locate(h Handler, paths []routePath, httpPort int) (loc Location, reachable, bare bool) {
	everyHost := false
	seen := make(map[Address]bool)
	for _, p := range paths {
		if p.admits(p.stripped + h.LoginPath()) {
			reachable = true
			bare = bare || p.stripped == ""
			if p.stripped != "" && !slices.Contains(loc.StrippedPrefixes, p.stripped) {
				loc.StrippedPrefixes = append(loc.StrippedPrefixes, p.stripped)
			}
		}
		if p.hosts == nil {
			everyHost = true
		}
		for _, host := range p.hosts {
			loc.Hosts = append(loc.Hosts, host)
			for _, addr := range addresses(p.server, host, httpPort) {
				seen[addr] = true
			}
		}
	}
	if named := h.NamedHosts(); named != nil {
		loc.Hosts, everyHost = named, false
		clear(seen)
		for _, p := range paths {
			for _, host := range named {
				for _, addr := range addresses(p.server, host, httpPort) {
					seen[addr] = true
				}
			}
		}
	}
	if everyHost {
		return Location{StrippedPrefixes: loc.StrippedPrefixes}, reachable, bare
	}
	slices.Sort(loc.Hosts)
	loc.Hosts = slices.Compact(loc.Hosts)
	for addr := range seen {
		loc.Addresses = append(loc.Addresses, addr)
	}
	slices.SortFunc(loc.Addresses, Address.compare)
	return loc, reachable, bare
}

// addresses returns how host is reached on a server's listeners. A listener without a port (a unix socket) is behind
// something that has one, most likely https.
func addresses(server *caddyhttp.Server, host string, httpPort int) (list []Address) {
	for _, listen := range server.Listen {
		addr, err := caddy.ParseNetworkAddress(listen)
		if err != nil {
			continue // the http app has reported it
		}
		if addr.IsUnixNetwork() || addr.IsFdNetwork() {
			list = append(list, Address{Host: host, Port: 443, Secure: true})
			continue
		}
		for port := addr.StartPort; port <= addr.EndPort && port-addr.StartPort < 16; port++ {
			secure := len(server.TLSConnPolicies) > 0 && int(port) != httpPort
			list = append(list, Address{Host: host, Port: int(port), Secure: secure})
		}
	}
	return list
}
