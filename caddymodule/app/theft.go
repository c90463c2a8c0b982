package app

import (
	"context"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
	"github.com/gatehouse-auth/gatehouse/store"
)

// auditTheft reports a session that was ended because a copy of it was used, to the configuration in force. Stores
// outlive configurations, so none is named to them.
func auditTheft(ctx context.Context, l *store.Live) {
	_, run := Current()
	if run == nil || run.Portal == nil {
		return
	}
	r := new(http.Request).WithContext(ctx)
	host := l.Session.Host
	if seen, ok := ctx.Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		host = site.Hostname(seen.Host)
	}
	run.Portal.SessionTheft(ctx, l, site.ClientAddr(r), host)
}
