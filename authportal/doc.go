// Package authportal owns signing in: the dispatcher that leads a person through the steps, the flows and cookies that
// carry a sign-in in progress, sessions and their hand-off between hosts, accounts, and the two faces of every action,
// HTML forms and JSON API. It is plain net/http: it never imports Caddy, never judges a path, and never talks to a
// database but through package store.
package authportal
