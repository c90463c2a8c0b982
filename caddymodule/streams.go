package caddymodule

import (
	"context"
	"net/http"
	"strings"

	"github.com/gatehouse-auth/gatehouse/rolepolicy"
	"github.com/gatehouse-auth/gatehouse/store/cache"
)

// staysOpen tells whether r may keep its connection busy long after the verdict: WebSocket, server-sent events, gRPC.
func staysOpen(r *http.Request) bool {
	if isWebSocket(r) || whoAsks(r) == askGRPC {
		return true
	}
	for _, line := range r.Header["Accept"] {
		if strings.Contains(line, "text/event-stream") {
			return true
		}
	}
	return false
}

// passOpen passes on a request that may stay open, and cuts it as soon as the session behind it ends or the verdict that
// let it in would be another (SECURITY, invariant 6).
func (q *question) passOpen(verdict rolepolicy.Verdict, who *caller) error {
	ctx, cut := context.WithCancel(q.r.Context())
	defer cut()
	q.r = q.r.WithContext(ctx)
	if who.entry == nil {
		return q.pass(who)
	}
	gate, run := q.gate, q.run
	verdict.Fresh = 0 // a stream was opened while the sign-in was fresh; its age alone cuts nothing
	stop := run.Sessions.Watch(who.entry, func(now *cache.Entry) {
		if now == nil {
			cut()
			return
		}
		id := gate.identityOf(run, now)
		if verdict.Decide(id.subject, id.proofs, run.Now()) != rolepolicy.Granted {
			cut()
		}
	})
	defer stop()
	return q.pass(who)
}
