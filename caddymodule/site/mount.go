package site

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Mount is a handler with where it is in the routes of the http app.
type Mount struct {
	Handler
	Word, Source string // of Handler.Directive
	Location     Location
	Reachable    bool // a request for its login page arrives

	paths      []routePath
	found      bool // in the routes
	unprefixed bool // a request for its login page arrives with nothing cut off before
}

// ownPath returns the path that the handler's own routes hang from, without a slash at its end.
func (m *Mount) ownPath() string { return strings.TrimSuffix(m.LoginPath(), "/login") }

// Errorf makes an error that begins with the directive and where it is.
func (m *Mount) Errorf(format string, args ...any) error {
	return fmt.Errorf(At(m.Source)+m.Word+" "+format, args...)
}

// Find finds where each handler is mounted; app is nil where there is no http app.
func Find(app *caddyhttp.App, handlers []Handler) []Mount {
	httpPort, paths := caddyhttp.DefaultHTTPPort, map[Handler][]routePath(nil)
	if app != nil {
		if app.HTTPPort != 0 {
			httpPort = app.HTTPPort
		}
		paths = findRoutes(app)
	}
	list := make([]Mount, 0, len(handlers))
	for _, h := range handlers {
		m := Mount{Handler: h}
		m.Word, m.Source = h.Directive()
		own, ok := paths[h]
		m.paths, m.found = own, ok
		m.Location, m.Reachable, m.unprefixed = locate(h, own, httpPort)
		list = append(list, m)
	}
	return list
}

// BasePath is the base as a browser sees it.
func (m *Mount) BasePath() string {
	if !m.unprefixed && len(m.Location.StrippedPrefixes) > 0 {
		return m.Location.StrippedPrefixes[0] + m.ownPath()
	}
	return m.ownPath()
}

// Check finds mounts at which people could never sign in, or that would serve hosts of an attacker's choice.
func Check(m *Mount, all []Mount, portalBase string) error {
	if !m.found && len(m.Location.Hosts) == 0 {
		return m.Errorf("is where its site cannot be seen: put it into the site itself or into a handle block, or name " +
			"its hosts with `hosts`")
	}
	if m.Word == "portal" {
		if m.found && !m.Reachable {
			return m.Errorf("never sees its own pages at %s, because of the matchers above it: widen them", m.LoginPath())
		}
		return nil
	}
	if len(m.Location.Hosts) == 0 && portalBase != "" {
		// A gate for every host would take part in a hand-off to whatever name an attacker points at this server.
		return m.Errorf("does not know its host, which a sign-in at %s must lead back to: give the site an address with a "+
			"name, or write `hosts app.example.com` in the gate", portalBase)
	}
	if !m.found || m.Reachable {
		return nil
	}
	for i := range all {
		if other := &all[i]; other.Word == m.Word && other.unprefixed && coversHosts(m.Location, other.Location) {
			return nil
		}
	}
	return m.Errorf("never sees %s, because of the matchers above it, so that no one could sign in: put `gate` into "+
		"the site itself with a matcher of its own, or use handle_path", m.LoginPath())
}

// coversHosts reports whether b answers on every host of a.
func coversHosts(a, b Location) bool {
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

// Answers reports whether a request for u can reach the handler, as far as that is known.
func (m *Mount) Answers(u *url.URL) bool {
	return m.answersOrigin(u) && (m.paths == nil || slices.ContainsFunc(m.paths,
		func(p routePath) bool { return p.admits(u.Path) }))
}

// answersOrigin reports whether requests to u's scheme, host and port reach the handler.
func (m *Mount) answersOrigin(u *url.URL) bool {
	if len(m.Location.Hosts) == 0 {
		return true
	}
	port := 80
	if u.Scheme == "https" {
		port = 443
	}
	if n, err := strconv.Atoi(u.Port()); err == nil {
		port = n
	}
	host := Hostname(u.Host)
	if len(m.Location.Addresses) == 0 {
		return slices.ContainsFunc(m.Location.Hosts, func(site string) bool { return covers(site, host) })
	}
	return slices.ContainsFunc(m.Location.Addresses, func(a Address) bool {
		return covers(a.Host, host) && a.Port == port && a.Secure == (u.Scheme == "https")
	})
}

// CheckMailLinks refuses a site whose pages could send no mail, because it is unknown what its links would begin with.
func (m *Mount) CheckMailLinks(portalBase string) error {
	if portalBase != "" || len(m.Location.Hosts) > 0 || !m.found {
		return nil
	}
	return m.Errorf("does not know its host, with which links in mails must begin: give the site an address with a " +
		"name, write `hosts app.example.com` in the gate, or `portal https://auth.example.com` in the global block, " +
		"or take `mail` out")
}
