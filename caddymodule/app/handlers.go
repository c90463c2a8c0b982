package app

import (
	"context"
	"errors"
	"time"

	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
)

// readyWait is how long a request waits for the app to start. Apps start in any order and `http` may be first; a
// reload's leased stores make Start instant, so that only a first start ever comes near this.
const readyWait = 5 * time.Second

// errNotReady is what Ready returns where the app has not started, or has failed to: the handler answers 503.
var errNotReady = errors.New("gatehouse has not started")

// Handler is a `gate` or `portal` as the app sees it. A handler makes itself known with App.Register in Provision;
// App.Start finds out where it is mounted and tells it, before any request is answered.
type Handler interface {
	site.Handler

	// Mount tells the handler where it is mounted. run is complete but for the mark: Mount must not wait for Ready. An
	// error stops the start; the handler's source is put before it.
	Mount(place site.Location, run *Running) error
}

// Register makes a handler known to the app. It is called in the handler's Provision.
func (a *App) Register(h Handler) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.handlers = append(a.handlers, h)
}

// Mounts returns the handlers with where they are mounted, in the order of their provisioning; none before the start.
func (a *App) Mounts() []site.Mount { return a.mounts }

// Ready returns what Start has made, waiting at most five seconds for it. Every request that needs the app begins
// here; an error is answered with 503 and Retry-After.
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
