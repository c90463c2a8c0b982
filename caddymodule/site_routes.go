package caddymodule

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
)

// A directive cannot see the address of its site, so the app looks for its handlers in the servers of the http app. Each
// path through routes and subroutes that leads to one is a trail.

// trail is one way that a request takes to a handler.
type trail struct {
	server *caddyhttp.Server
	hosts  []string // host matchers passed, the innermost that narrowed; nil: every host
	gates  []passed // other matchers passed, outermost first
	cut    string   // what was cut off the path on the way
	taken  []string // groups of which a route was taken; no other of the group is then (`handle`)
}

// passed is a route's condition, and what had been cut off the path when it was met.
type passed struct {
	sets caddyhttp.MatcherSets
	cut  string
}

// maxTrails bounds the walk where many rewrites multiply the ways; nobody has that many.
const maxTrails = 64

// walker finds handlers of ours.
type walker struct {
	found map[handler][]trail
	depth int
}

// walk looks through every server of the http app. A server's error routes count as well: a gate may stand there.
func walk(app *caddyhttp.App) map[handler][]trail {
	w := &walker{found: make(map[handler][]trail)}
	for _, server := range app.Servers {
		start := []trail{{server: server}}
		w.routes(server.Routes, start)
		if server.Errors != nil {
			w.routes(server.Errors.Routes, start)
		}
	}
	return w.found
}

// routes follows each trail through a list of routes and returns the trails as they are behind it.
func (w *walker) routes(routes caddyhttp.RouteList, trails []trail) []trail {
	if w.depth++; w.depth > 50 { // named routes may invoke one another
		w.depth--
		return trails
	}
	defer func() { w.depth-- }()
	for i := range routes {
		trails = w.route(&routes[i], trails)
	}
	return trails
}

func (w *walker) route(route *caddyhttp.Route, before []trail) (behind []trail) {
	inside := make([]trail, 0, len(before))
	for _, t := range before {
		if route.Group != "" {
			if slices.Contains(t.taken, route.Group) {
				continue
			}
			t.taken = append(slices.Clip(t.taken), route.Group)
		}
		t.hosts = narrow(t.hosts, hostsOf(route.MatcherSets))
		t.gates = append(slices.Clip(t.gates), passed{route.MatcherSets, t.cut})
		inside = append(inside, t)
	}
	for _, h := range route.Handlers {
		inside = w.handler(h, inside)
	}
	// A rewrite inside is in force behind the route too, for requests that came through it.
	behind = before
	if route.Terminal {
		return behind
	}
	for _, t := range inside {
		known := slices.ContainsFunc(behind, func(b trail) bool { return b.cut == t.cut })
		if !known && len(behind) < maxTrails {
			behind = append(slices.Clip(behind), t)
		}
	}
	return behind
}

func (w *walker) handler(h caddyhttp.MiddlewareHandler, trails []trail) []trail {
	switch h := h.(type) {
	case *caddyhttp.Subroute:
		if h.Errors != nil {
			w.routes(h.Errors.Routes, trails)
		}
		return w.routes(h.Routes, trails)
	case *caddyhttp.Invoke:
		for _, t := range trails {
			if route := t.server.NamedRoutes[h.Name]; route != nil {
				w.routes(caddyhttp.RouteList{*route}, []trail{t})
			}
		}
	case *rewrite.Rewrite:
		if h.StripPathPrefix == "" {
			break
		}
		for _, t := range trails { // the prefix is cut off where it is there, so both ways exist
			if len(trails) < maxTrails {
				t.cut += "/" + strings.Trim(h.StripPathPrefix, "/")
				trails = append(slices.Clip(trails), t)
			}
		}
	case handler:
		w.found[h] = append(w.found[h], trails...)
	}
	return trails
}

// hostsOf returns the names that a route's matchers ask for; nil where some request passes whatever its host.
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

// covers tells whether a site's name takes requests for host in.
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
