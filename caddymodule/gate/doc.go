// Package gate holds the handlers of sites, the directives `gate` and `portal`. It owns everything that knows a
// request as Caddy sees it. It never decides who is let in (package rolepolicy does), and never checks a password
// (package authportal does).
package gate
