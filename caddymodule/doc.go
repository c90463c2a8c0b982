// Package caddymodule is Gatehouse inside Caddy: the app `gatehouse`, its global block, the site directives `gate` and
// `portal`, the admin endpoint and the command line. It owns the wiring of the cores and everything that knows a request
// as Caddy sees it. It never decides who may pass (package rolepolicy does), never checks a password (package authportal)
// and never speaks SQL or Redis (packages below store).
package caddymodule
