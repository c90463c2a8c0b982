package caddymodule

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
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

// stands finds where each handler stands.
func (a *App) stands() ([]stand, error) {
	app, err := a.httpApp()
	if err != nil {
		return nil, err
	}
	httpPort, trails := caddyhttp.DefaultHTTPPort, map[handler][]trail(nil)
	if app != nil {
		if app.HTTPPort != 0 {
			httpPort = app.HTTPPort
		}
		trails = walk(app)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]stand, 0, len(a.handlers))
	for _, h := range a.handlers {
		s := stand{handler: h}
		s.word, s.source = h.directive()
		ways, ok := trails[h]
		s.trails, s.found = ways, ok
		s.place, s.reachable, s.bare = placeOf(h, ways, httpPort)
		list = append(list, s)
	}
	return list, nil
}

// settle tells every handler where it stands, once all of it makes sense.
func (a *App) settle(run *Running) error {
	list, err := a.stands()
	if err != nil {
		return err
	}
	if run.PortalBase, err = a.portalBase(list); err != nil {
		return err
	}
	var faults []error
	for i := range list {
		faults = append(faults, check(&list[i], list, run.PortalBase), list[i].mailAddress(a, run.PortalBase))
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	a.settled = list
	for i := range list {
		s := &list[i]
		if err := s.handler.settle(s.place, run); err != nil {
			return s.errorf("cannot start: %w", err)
		}
	}
	return nil
}

// portalBase returns the address of the pages; empty where each gate serves its own.
func (a *App) portalBase(list []stand) (string, error) {
	var portals []*stand
	for i := range list {
		if list[i].word == "portal" {
			portals = append(portals, &list[i])
		}
	}
	if len(portals) == 0 {
		return a.Portal, nil
	}
	if a.Portal != "" {
		return a.Portal, a.namesPortal(portals)
	}
	var names []string
	best := portals[0]
	for _, p := range portals {
		if len(p.place.Hosts) == 0 {
			return "", p.errorf("has no host: give its site an address with a name, or write `portal https://auth.example.com` in the global block")
		}
		names = append(names, p.place.Hosts...)
		if p.pathBase() != best.pathBase() {
			return "", p.errorf("is the second one, the first is at %s: keep one, or name the one that signs people in with "+
				"`portal https://auth.example.com` in the global block", best.source)
		}
		if len(p.place.Addresses) > 0 && len(best.place.Addresses) > 0 && p.place.Addresses[0].better(best.place.Addresses[0]) < 0 {
			best = p
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > 1 || strings.HasPrefix(names[0], "*.") {
		return "", best.errorf("has several names (%s): write which one signs people in, as `portal https://%s` in the global block",
			strings.Join(names, ", "), strings.Replace(names[0], "*", "auth", 1))
	}
	if len(best.place.Addresses) == 0 {
		return "", best.errorf("has no address that a browser could reach: write `portal https://%s` in the global block", names[0])
	}
	return best.place.Addresses[0].String() + best.pathBase(), nil
}

// pathBase is the base as a browser sees it.
func (s *stand) pathBase() string {
	if !s.bare && len(s.place.Prefixes) > 0 {
		return s.place.Prefixes[0] + s.base()
	}
	return s.base()
}

// namesPortal checks that the address in the global block is one of a portal that stands here.
func (a *App) namesPortal(portals []*stand) error {
	u, err := url.Parse(a.Portal)
	if err != nil {
		return err
	}
	for _, p := range portals {
		if len(p.place.Hosts) > 0 && !slices.ContainsFunc(p.place.Hosts, func(site string) bool { return covers(site, u.Hostname()) }) {
			continue
		}
		if p.pathBase() == u.Path {
			return nil
		}
	}
	return fmt.Errorf("%sportal %s in the global block is not the address of the portal at %s (%s): make them agree",
		at(a.Source), a.Portal, portals[0].source, strings.Join(portals[0].place.Hosts, ", ")+portals[0].pathBase())
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
