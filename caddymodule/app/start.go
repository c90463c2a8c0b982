package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddytls"

	"github.com/gatehouse-auth/gatehouse/caddymodule/metrics"
	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
)

// startTimeout bounds Start: a store that does not answer by then is not there.
const startTimeout = 30 * time.Second

// pingTimeout bounds how long Start waits before it logs that the session store is out of reach.
const pingTimeout = 500 * time.Millisecond

// Start opens the stores, finds where the handlers are mounted, and sets the mark that requests wait for. Where it
// fails, Caddy runs Cleanup, and on a reload the configuration before stays in force.
//
// A users store that cannot be opened stops the start: without it there is no way to check that the secret is the
// right one, and an outage would look like a typo. A reload that names the stores of the configuration before does
// not ask them anything. A session store that is out of reach does not stop the start: public paths work, and the
// rest is 503 until it is back.
func (a *App) Start() error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(a.ctx, startTimeout)
	defer cancel()
	run, err := a.prepare(ctx)
	if err != nil {
		return err
	}
	if err := a.configureAudit(run); err != nil {
		return err
	}
	a.running.Store(run)
	close(a.started)
	active.add(a)
	run.Log.Info("gatehouse started", "sign_in_at", run.PortalBase, "gates", len(a.handlers), "took", time.Since(began))
	a.logSetupLink(run)
	a.startMail(run)
	a.startWebhook(run)
	return nil
}

// prepare makes all that Running holds. The command line does no more than this where it speaks to the stores itself.
func (a *App) prepare(ctx context.Context) (*Running, error) {
	run, err := a.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s%w", site.At(a.Source), err)
	}
	if err := a.mountHandlers(run); err != nil {
		return nil, err
	}
	return run, nil
}

// open makes all that Running holds, except what follows from the mounts of the handlers.
func (a *App) open(ctx context.Context) (*Running, error) {
	log := a.log()
	lease, err := a.acquire(ctx)
	if err != nil {
		return nil, err
	}
	a.lease = lease
	stores := lease.Value()
	run := &Running{Users: stores.users, Sessions: stores.sessions, Roles: a.roles, Metrics: metrics.Process, Log: log,
		Now: time.Now, AllowHTTP: a.AllowHTTP}
	if err := a.openMail(run, stores.outbox); err != nil {
		return nil, err
	}
	if run.Keys, err = a.keys(ctx, stores); err != nil {
		return nil, err
	}
	if err := a.openWebhook(run, stores.deliveries); err != nil {
		return nil, err
	}
	if err := a.openPortal(run, log); err != nil {
		return nil, err
	}
	soon, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := stores.sessions.Ping(soon); err != nil {
		log.Error("the session store is out of reach: no session can be checked until it is back", "error", err)
	}
	return run, nil
}

// Stop lets another configuration be the one that the command line speaks to, and ends the sending of mail and
// events. The stores stay open until Cleanup, so that requests that the http app still finishes have them.
func (a *App) Stop() error {
	active.remove(a)
	if a.stopMail != nil {
		a.stopMail()
	}
	if a.stopWebhook != nil {
		a.stopWebhook()
	}
	return nil
}

// Cleanup gives back what Start acquired. It runs after a Provision or Start that failed too, and releases nothing then
// that was not acquired: the stores of the configuration in force are its own.
func (a *App) Cleanup() error {
	if a.lease == nil {
		return nil
	}
	if err := a.lease.Release(); err != nil {
		return fmt.Errorf("closing the stores: %w", err)
	}
	return nil
}

// errNoSecret is for an operator whose Caddy storage was lost, while the database was not.
var errNoSecret = errors.New("no `secret` is configured, and the one that was made and kept in Caddy's storage " +
	"(gatehouse/secret) is not there any more: restore Caddy's storage, or write the secret in the global block")

// HasCertificate reports whether a certificate for host is loaded. managed is false where the configuration has no
// tls app.
func (a *App) HasCertificate(host string) (loaded, managed bool) {
	app, err := a.ctx.AppIfConfigured("tls")
	if err != nil {
		return false, false
	}
	return app.(*caddytls.TLS).HasCertificateForSubject(host), true
}
