// Package gateway runs the built Caddy for tests: a process with a Caddyfile, an upstream that remembers what it was sent, and
// a client that behaves like a browser where that matters. It owns processes and files of its tests, and nothing that a
// product needs.
package gateway
