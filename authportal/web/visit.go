package web

import (
	"net/netip"
	"strings"
	"time"
)

// Site is a place where the portal's routes are served: a `portal` directive, or the reserved paths of a `gate`. The
// host builds it once per configuration; it never changes.
type Site struct {
	// Base is the path that all routes are below, without a trailing slash: "/.gatehouse" for a gate, "" or "/auth" for
	// a portal.
	Base string

	// Hosted says that the pages are served here. A gate whose pages are served by a portal elsewhere is not hosted:
	// its login, logout and callback redirect there and back, but its API works here.
	Hosted bool

	// PortalBase is the URL of the portal that serves this site's pages, such as "https://auth.example.com/auth",
	// without a trailing slash. It is empty if the site serves its own pages.
	PortalBase string

	// Portal says that this is a `portal` directive, where gates on other hosts send browsers to sign in.
	Portal bool

	// Addresses are the configured addresses of the site, such as "https://app.example.com"; the host may begin with
	// "*.". Links in messages begin with one of them.
	Addresses []string

	// LoginPage is the path of the app's own login page; empty for the portal's.
	LoginPage string

	// Origins are the other origins that may call the API with the session cookie (`cors`), such as
	// "https://spa.example.com".
	Origins []string

	// Basic accepts an API token as the password of HTTP Basic.
	Basic bool
	// JWT says that the gate signs identities for upstreams, so that jwks.json is served.
	JWT bool
}

// Visit is what only the host knows about a request. Nothing else about the client is ever read from headers.
type Visit struct {
	Site   *Site
	Addr   netip.Addr // Caddy's client_ip
	Secure bool       // https; see docs/design.md, rule 14
	Host   string     // host that the session belongs to: configured, lower case, without port and trailing dot
	Origin string     // scheme://host[:port] of that host, as the browser sees it
	Base   string     // Site.Base with the prefix that handle_path stripped; what links must begin with
	Path   string     // below Base: "/login", "/api/v1/session"; "" or "/" for the root
}

// Prefix returns the path prefix that handle_path stripped before the site; usually empty.
func (v *Visit) Prefix() string { return strings.TrimSuffix(v.Base, v.Site.Base) }

// Demand is what a rule requires beyond a session.
type Demand struct {
	MFA   bool          // a second factor
	Fresh time.Duration // maximum age of the sign-in; 0: any
}

// Address returns the client's address as it is stored and shown; empty if it is unknown.
func Address(v *Visit) string {
	if !v.Addr.IsValid() {
		return ""
	}
	return v.Addr.Unmap().WithZone("").String()
}
