package caddymodule

import (
	"context"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/store"
)

// renews tells whether the answer should hand out the next secret of a remembered session: to a navigation only, and by
// the first gate on the way, past which no other takes the cookie for an upstream's.
func (q *question) renews() bool {
	return q.entry != nil && q.outer == nil && q.entry.Live().Session.Remembered && q.run.Portal.DueSecret(&q.entry.Live().Session) &&
		q.r.Method == http.MethodGet && whoAsks(q.r) == askNavigation
}

// nextSecret returns the Set-Cookie line with the next secret; empty where the session keeps the one it has for now.
func (q *question) nextSecret() string {
	s := &q.entry.Live().Session
	cookie, err := q.run.Portal.NextSecret(q.r.Context(), s, isSecure(q.r))
	if err != nil {
		q.run.Log.Warn("a remembered session keeps its secret for now", "user_id", s.UserID, "error", err)
	}
	if cookie == nil {
		return ""
	}
	return cookie.String()
}

// sharedMayKeep tells whether an upstream meant its answer for shared caches. We forbid it to them, but one on the way may
// have its own mind about what it was told to keep for everybody, and would give the secret to the next person.
func sharedMayKeep(h http.Header) bool {
	for name, lines := range h {
		if name != "Cache-Control" && name != "Surrogate-Control" && !strings.HasSuffix(name, "Cdn-Cache-Control") {
			continue
		}
		if name != "Cache-Control" {
			return true
		}
		for directive := range strings.SplitSeq(strings.Join(lines, ","), ",") {
			name, _, _ := strings.Cut(strings.TrimSpace(directive), "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "public", "s-maxage":
				return true
			}
		}
	}
	return false
}

// tellTheft tells the configuration in force of a session that was ended because a copy of it was used. Stores outlive
// configurations, so none is named to them.
func tellTheft(ctx context.Context, l *store.ActiveSession) {
	app := active.latest()
	if app == nil {
		return
	}
	run := app.running.Load()
	if run == nil || run.Portal == nil {
		return
	}
	r := new(http.Request).WithContext(ctx)
	host := l.Session.Host
	if seen, ok := ctx.Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		host = hostOnly(seen.Host)
	}
	run.Portal.SessionTheft(ctx, l, clientAddr(r), host)
}
