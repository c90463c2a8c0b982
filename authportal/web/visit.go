package web

import (
	"net/netip"
	"strings"
	"time"
)

// Site is a place where routes of the portal are served: a `portal` directive, or the reserved paths of one `gate`. The
// host builds it once per configuration; it never changes.
type Site struct {
	// Base is the path that the routes hang from, without a slash at its end: "/.gatehouse" for a gate, "" or "/auth"
	// for a portal.
	Base string

	// Hosted says that the pages are served here. A gate whose pages live on a portal of another address is not
	// hosted: its login, logout and callback lead there and back, and its API works here.
	Hosted bool

	// PortalBase is the address of the portal that serves this site's pages, such as "https://auth.example.com/auth",
	// without a slash at its end; empty where this site serves its own.
	PortalBase string

	// Portal says that this is the `portal` directive's site: flows of gates on other hosts arrive here.
	Portal bool

	// Addresses are those that the configuration gives this site, as "https://app.example.com", a "*." in them
	// included. Links in mails begin with one of them.
	Addresses []string

	// LoginPage is the path of the app's own page that takes the place of the login page; empty for ours.
	LoginPage string

	// Origins may call the API from other origins with our cookie (`cors`), each as "https://spa.example.com".
	Origins []string

	// Basic says that an API token may come as the password of Basic too, as for the apps behind the gate.
	Basic bool
	// JWT says that the gate hands signed identities upstream, so that jwks.json is worth serving.
	JWT bool
}

// Visit is what only the host knows of one request: who asks, over which scheme, at which site. Nothing else about the
// client is ever read from headers.
type Visit struct {
	Site   *Site
	Addr   netip.Addr // Caddy's client_ip
	Secure bool       // https, docs/design.md, rule 14
	Host   string     // lower case, without port and trailing dot: what a session belongs to. One that the site is configured for
	Origin string     // scheme://host[:port] as the browser sees it, of that same host
	Base   string     // Site.Base, below the prefix that a handle_path cut off: what links must begin with
	Path   string     // below Base, of a reserved route: "/login", "/api/v1/session"; "" or "/" for the root
}

// Prefix is what a handle_path cut off before the site saw the path; mostly nothing.
func (v *Visit) Prefix() string { return strings.TrimSuffix(v.Base, v.Site.Base) }

// Demand is what a rule asks for beyond a session.
type Demand struct {
	MFA   bool
	Fresh time.Duration // the sign-in must be younger than this; 0 = any age
}

// Address is that of a visit, as it is stored and shown; empty where it is not known.
func Address(v *Visit) string {
	if !v.Addr.IsValid() {
		return ""
	}
	return v.Addr.Unmap().WithZone("").String()
}
