package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/caddymodule/metrics"
	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
	"github.com/gatehouse-auth/gatehouse/store"
)

// eventsApp gets Caddy's events app, which every configuration has.
func (a *App) eventsApp() error {
	app, err := a.ctx.App("events")
	if err != nil {
		return fmt.Errorf("getting the events app: %w", err)
	}
	a.events = app.(*caddyevents.App)
	return nil
}

// notify counts what happened in the portal, has it kept in the audit trail, and emits it to Caddy's event handlers. It
// uses the app's context, because the request that caused the event may be over while a handler still works.
func (a *App) notify(_ context.Context, e audit.Event) {
	if e.Kind == audit.EventSignIn {
		metrics.Process.CountSignIn(a.methodLabel(e.Method), e.Result)
	}
	if recorder := a.lease.Value().recorder; recorder != nil {
		recorder.Record(e)
	}
	if !a.events.ShouldEmit(e.Kind) {
		return
	}
	a.events.Emit(a.ctx, e.Kind, eventData(&e))
}

// eventData is what handlers of an event get: what the audit trail keeps, by the same names. The kind is the event's
// name.
func eventData(e *audit.Event) map[string]any {
	data := map[string]any{"id": e.ID, "time": e.Time}
	for _, f := range audit.EventFields(e) {
		if f.Value != "" {
			data[f.Name] = f.Value
		}
	}
	return data
}

// methodLabel bounds the label: what is not a configured method (a ticket, the setup link) is "other".
func (a *App) methodLabel(name string) string {
	if slices.Contains(a.methodNames, name) {
		return name
	}
	return "other"
}

// auditTheft reports a session that was ended because a copy of it was used, to the configuration in force. Stores
// outlive configurations, so none is named to them.
func auditTheft(ctx context.Context, l *store.ActiveSession) {
	_, run := Current()
	if run == nil || run.Portal == nil {
		return
	}
	r := new(http.Request).WithContext(ctx)
	host := l.Session.Host
	if seen, ok := ctx.Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		host = site.Hostname(seen.Host)
	}
	run.Portal.SignIn.SessionTheft(ctx, l, site.ClientAddr(r), host)
}
