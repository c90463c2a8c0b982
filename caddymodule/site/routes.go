package site

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
)

// A directive cannot see the address of its site, so the app looks for its handlers in the servers of the http app.
// Each path through routes and subroutes that leads to one is a routePath.

// routePath is one way of a request to a handler.
type routePath struct {
	server   *caddyhttp.Server
	hosts    []string     // host matchers passed, the innermost that narrowed; nil: every host
	matches  []routeMatch // other matchers passed, outermost first
	stripped string       // what was cut off the path on the way
	groups   []string     // groups of which a route was taken; no other of the group is then (`handle`)
}

// routeMatch is a route's condition, and what had been cut off the path when it was met.
type routeMatch struct {
	sets     caddyhttp.MatcherSets
	stripped string
}

// maxPaths bounds the walk where many rewrites multiply the paths; no real configuration has that many.
const maxPaths = 64

// walker finds handlers of ours.
type walker struct {
	paths map[Handler][]routePath
	depth int
}

// findRoutes looks through every server of the http app. A server's error routes count as well: a gate may be there.
func findRoutes(app *caddyhttp.App) map[Handler][]routePath {
	w := &walker{paths: make(map[Handler][]routePath)}
	for _, server := range app.Servers {
		start := []routePath{{server: server}}
		w.routes(server.Routes, start)
		if server.Errors != nil {
			w.routes(server.Errors.Routes, start)
		}
	}
	return w.paths
}

// routes follows each path through a list of routes and returns the paths as they are behind it.
func (w *walker) routes(routes caddyhttp.RouteList, paths []routePath) []routePath {
	if w.depth++; w.depth > 50 { // named routes may invoke one another
		w.depth--
		return paths
	}
	defer func() { w.depth-- }()
	for i := range routes {
		paths = w.route(&routes[i], paths)
	}
	return paths
}

func (w *walker) route(route *caddyhttp.Route, before []routePath) (behind []routePath) {
	inside := make([]routePath, 0, len(before))
	for _, p := range before {
		if route.Group != "" {
			if slices.Contains(p.groups, route.Group) {
				continue
			}
			p.groups = append(slices.Clip(p.groups), route.Group)
		}
		p.hosts = narrow(p.hosts, hostsOf(route.MatcherSets))
		p.matches = append(slices.Clip(p.matches), routeMatch{route.MatcherSets, p.stripped})
		inside = append(inside, p)
	}
	for _, h := range route.Handlers {
		inside = w.handler(h, inside)
	}
	// A rewrite inside is in force behind the route too, for requests that came through it.
	behind = before
	if route.Terminal {
		return behind
	}
	for _, p := range inside {
		known := slices.ContainsFunc(behind, func(b routePath) bool { return b.stripped == p.stripped })
		if !known && len(behind) < maxPaths {
			behind = append(slices.Clip(behind), p)
		}
	}
	return behind
}

func (w *walker) handler(h caddyhttp.MiddlewareHandler, paths []routePath) []routePath {
	switch h := h.(type) {
	case *caddyhttp.Subroute:
		if h.Errors != nil {
			w.routes(h.Errors.Routes, paths)
		}
		return w.routes(h.Routes, paths)
	case *caddyhttp.Invoke:
		for _, p := range paths {
			if route := p.server.NamedRoutes[h.Name]; route != nil {
				w.routes(caddyhttp.RouteList{*route}, []routePath{p})
			}
		}
	case *rewrite.Rewrite:
		if h.StripPathPrefix == "" {
			break
		}
		for _, p := range paths { // the prefix is cut off where it is there, so both ways exist
			if len(paths) < maxPaths {
				p.stripped += "/" + strings.Trim(h.StripPathPrefix, "/")
				paths = append(slices.Clip(paths), p)
			}
		}
	case Handler:
		w.paths[h] = append(w.paths[h], paths...)
	}
	return paths
}

// hostsOf returns the names that a route's matchers require; nil where some request passes whatever its host.
func hostsOf(sets caddyhttp.MatcherSets) (hosts []string) {
	repl := caddy.NewReplacer()
	for _, set := range sets {
		named := false
		for _, m := range set {
			if list, ok := m.(*caddyhttp.MatchHost); ok {
				named = true
				for _, host := range *list {
					hosts = append(hosts, strings.ToLower(repl.ReplaceAll(host, "")))
				}
			}
		}
		if !named {
			return nil
		}
	}
	return hosts
}

// narrow returns the inner names that the outer ones allow.
func narrow(outer, inner []string) []string {
	if inner == nil {
		return outer
	}
	if outer == nil {
		return inner
	}
	var both []string
	for _, host := range inner {
		if slices.ContainsFunc(outer, func(o string) bool { return covers(o, host) }) {
			both = append(both, host)
		}
	}
	if both == nil {
		return outer // "*.example.com" inside "app.example.com"
	}
	return both
}

// covers reports whether a site's name takes requests for host in.
func covers(site, host string) bool {
	if site == host {
		return true
	}
	rest, ok := strings.CutPrefix(site, "*.")
	if !ok {
		return false
	}
	_, parent, _ := strings.Cut(host, ".")
	return parent == rest
}
