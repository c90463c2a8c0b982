// Package app is the Caddy app `gatehouse`: its JSON and its global block, the stores, keys, mail and webhook of a
// running configuration, and what reloads share. It owns the wiring of the cores. It never sees a request, and knows
// handlers only by an interface.
package app
