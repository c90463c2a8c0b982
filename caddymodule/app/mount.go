package app

import (
	"errors"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
)

// mountHandlers tells every handler where it is mounted, once all mounts have been checked.
func (a *App) mountHandlers(run *Running) error {
	app, err := a.httpApp()
	if err != nil {
		return err
	}
	a.mu.Lock()
	handlers := slices.Clone(a.handlers)
	a.mu.Unlock()
	found := make([]site.Handler, len(handlers))
	for i, h := range handlers {
		found[i] = h
	}
	list := site.Find(app, found)
	if run.PortalBase, err = site.PortalBase(list, a.Portal, a.Source); err != nil {
		return err
	}
	var faults []error
	for i := range list {
		faults = append(faults, site.Check(&list[i], list, run.PortalBase))
		if a.Mail != nil {
			faults = append(faults, list[i].CheckMailLinks(run.PortalBase))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	a.mounts = list
	for i := range list {
		m := &list[i]
		if err := handlers[i].Mount(m.Location, run); err != nil {
			return m.Errorf("cannot start: %w", err)
		}
	}
	return nil
}

// httpApp returns the http app of this configuration, nil where there is none.
func (a *App) httpApp() (*caddyhttp.App, error) {
	app, err := a.ctx.AppIfConfigured("http")
	if errors.Is(err, caddy.ErrNotConfigured) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return app.(*caddyhttp.App), nil
}
