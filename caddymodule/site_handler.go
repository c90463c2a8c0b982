package caddymodule

import (
	"context"
	"errors"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// readyWait is how long a request waits for the app to start. Apps start in any order and `http` may be first; a reload's
// leased stores make Start instant, so that only a first start ever comes near this.
const readyWait = 5 * time.Second

// errNotReady is what Ready returns where the app has not started, or has failed to: the handler answers 503.
var errNotReady = errors.New("gatehouse has not started")

// handler is a `gate` or `portal` as the app sees it. A handler registers itself with App.register in Provision; App.Start
// finds out where it stands and tells it, before any request is answered.
type handler interface {
	caddyhttp.MiddlewareHandler

	// directive returns the word that made it, "gate" or "portal", and where it stands, as file:line; empty where the
	// configuration was not a Caddyfile.
	directive() (word, source string)

	// reserved returns the path below the handler's own address that must reach it, such as "/.gatehouse/login" for a
	// gate and "/auth/login" for a portal at /auth/*.
	reserved() string

	// namedHosts returns the hosts that the directive itself names (`hosts`); nil where it names none.
	namedHosts() []string

	// settle tells it where it stands. run is complete but for the mark: settle must not wait for Ready. An error stops
	// the start; it is told with source before it.
	settle(place Place, run *Running) error
}

// register makes a handler known to the app. It is called in the handler's Provision.
func (a *App) register(h handler) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.handlers = append(a.handlers, h)
}

// Ready returns what Start has made, waiting at most five seconds for it. Every request that needs the app begins here; an
// error is answered with 503 and Retry-After.
func (a *App) Ready(ctx context.Context) (*Running, error) {
	if run := a.running.Load(); run != nil {
		return run, nil
	}
	timer := time.NewTimer(readyWait)
	defer timer.Stop()
	select {
	case <-a.started:
		return a.running.Load(), nil
	case <-a.ctx.Done(): // this configuration is being given up
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return nil, errNotReady
}
