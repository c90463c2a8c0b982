// Package authportal wires the packages below it into one [Portal], checks that the configured methods fit together, and owns
// the description of the JSON API. It is plain net/http: it never imports Caddy, never judges a path, and has no
// behaviour of its own.
package authportal
