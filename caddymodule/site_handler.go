package caddymodule

import "github.com/caddyserver/caddy/v2/modules/caddyhttp"

// handler is a `gate` or `portal`, as far as it takes to find it in the routes of the http app.
type handler interface {
	caddyhttp.MiddlewareHandler

	// directive returns the word that made it, "gate" or "portal", and where that was written, as file:line; empty where
	// the configuration was not a Caddyfile.
	directive() (word, source string)

	// reserved returns the path below the handler's own address that must reach it, such as "/.gatehouse/login" for a
	// gate and "/auth/login" for a portal at /auth/*.
	reserved() string

	// namedHosts returns the hosts that the directive itself names (`hosts`); nil where it names none.
	namedHosts() []string
}
