package caddymodule

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// stand is a handler with the place where it stands.
type stand struct {
	handler
	word, source string
	place        Place
	trails       []trail
	found        bool // by the walk
	reachable    bool // a request for its reserved path arrives
	bare         bool // also with nothing cut off before
}

// base returns the path that the handler's own routes hang from, without a slash at its end.
func (s *stand) base() string { return strings.TrimSuffix(s.reserved(), "/login") }

func (s *stand) errorf(format string, args ...any) error {
	return fmt.Errorf(at(s.source)+s.word+" "+format, args...)
}

// findStands finds where each handler stands; app is nil where there is no http app.
func findStands(app *caddyhttp.App, handlers []handler) []stand {
	httpPort, trails := caddyhttp.DefaultHTTPPort, map[handler][]trail(nil)
	if app != nil {
		if app.HTTPPort != 0 {
			httpPort = app.HTTPPort
		}
		trails = walk(app)
	}
	list := make([]stand, 0, len(handlers))
	for _, h := range handlers {
		s := stand{handler: h}
		s.word, s.source = h.directive()
		ways, ok := trails[h]
		s.trails, s.found = ways, ok
		s.place, s.reachable, s.bare = placeOf(h, ways, httpPort)
		list = append(list, s)
	}
	return list
}

// pathBase is the base as a browser sees it.
func (s *stand) pathBase() string {
	if !s.bare && len(s.place.Prefixes) > 0 {
		return s.place.Prefixes[0] + s.base()
	}
	return s.base()
}

// check finds what would leave a person in front of a door that nobody opens, or open one to strangers.
func check(s *stand, all []stand, portalBase string) error {
	if !s.found && len(s.place.Hosts) == 0 {
		return s.errorf("stands where its site cannot be seen: put it into the site itself or into a handle block, or name its hosts with `hosts`")
	}
	if s.word == "portal" {
		if s.found && !s.reachable {
			return s.errorf("never sees its own pages at %s, because of the matchers above it: widen them", s.reserved())
		}
		return nil
	}
	if len(s.place.Hosts) == 0 && portalBase != "" {
		// A gate for every host would take part in a hand-off to whatever name an attacker points at this server.
		return s.errorf("does not know its host, which a sign-in at %s must lead back to: give the site an address with a name, "+
			"or write `hosts app.example.com` in the gate", portalBase)
	}
	if !s.found || s.reachable {
		return nil
	}
	for i := range all {
		if other := &all[i]; other.word == s.word && other.bare && sameHosts(s.place, other.place) {
			return nil
		}
	}
	return s.errorf("never sees %s, because of the matchers above it, so that nobody could sign in: put `gate` into the site itself "+
		"with a matcher of its own, or use handle_path", s.reserved())
}

// sameHosts tells whether b answers on every host of a.
func sameHosts(a, b Place) bool {
	if len(b.Hosts) == 0 {
		return true
	}
	for _, host := range a.Hosts {
		if !slices.ContainsFunc(b.Hosts, func(site string) bool { return covers(site, host) }) {
			return false
		}
	}
	return len(a.Hosts) > 0
}

// answers reports whether a request for u can reach the handler, as far as that is known.
func (s *stand) answers(u *url.URL) bool {
	return s.answersOrigin(u) && (s.trails == nil || slices.ContainsFunc(s.trails, func(t trail) bool { return t.sees(u.Path) }))
}

// answersOrigin reports whether requests to u's scheme, host and port reach the handler.
func (s *stand) answersOrigin(u *url.URL) bool {
	if len(s.place.Hosts) == 0 {
		return true
	}
	port := 80
	if u.Scheme == "https" {
		port = 443
	}
	if n, err := strconv.Atoi(u.Port()); err == nil {
		port = n
	}
	host := hostOnly(u.Host)
	if len(s.place.Addresses) == 0 {
		return slices.ContainsFunc(s.place.Hosts, func(site string) bool { return covers(site, host) })
	}
	return slices.ContainsFunc(s.place.Addresses, func(a Address) bool {
		return covers(a.Host, host) && a.Port == port && a.Secure == (u.Scheme == "https")
	})
}

// checkMailLinks refuses a site whose pages could send no letter, because nothing tells what its links would begin with.
func (s *stand) checkMailLinks(portalBase string) error {
	if portalBase != "" || len(s.place.Hosts) > 0 || !s.found {
		return nil
	}
	return s.errorf("does not know its host, with which links in mails must begin: give the site an address with a name, write " +
		"`hosts app.example.com` in the gate, or `portal https://auth.example.com` in the global block, or take `mail` out")
}
