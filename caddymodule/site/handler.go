package site

import "github.com/caddyserver/caddy/v2/modules/caddyhttp"

// Handler is a `gate` or `portal`, as far as it takes to find it in the routes of the http app.
type Handler interface {
	caddyhttp.MiddlewareHandler

	// Directive returns the word that made it, "gate" or "portal", and where that was written, as file:line; empty where
	// the configuration was not a Caddyfile.
	Directive() (word, source string)

	// LoginPath returns the path below the handler's own address that must reach it, such as "/.gatehouse/login" for a
	// gate and "/auth/login" for a portal at /auth/*.
	LoginPath() string

	// NamedHosts returns the hosts that the directive itself names (`hosts`); nil where it names none.
	NamedHosts() []string
}
