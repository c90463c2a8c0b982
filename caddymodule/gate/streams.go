package gate

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/rolepolicy"
	"github.com/gatehouse-auth/gatehouse/store/cache"
)

// opensStream reports whether r may keep its connection busy long after the verdict: WebSocket, server-sent events,
// gRPC.
func opensStream(r *http.Request) bool {
	if isWebSocket(r) || isGRPC(r.Header) {
		return true
	}
	for _, line := range r.Header["Accept"] {
		if strings.Contains(line, "text/event-stream") {
			return true
		}
	}
	return false
}

// isStream reports, by an answer's header, whether it has no end of its own.
func isStream(h http.Header) bool {
	lines := h["Content-Type"]
	if len(lines) == 0 {
		return false
	}
	name, _, _ := strings.Cut(lines[0], ";")
	switch name = strings.ToLower(strings.TrimSpace(name)); name {
	case "text/event-stream", "multipart/x-mixed-replace", "application/x-ndjson", "application/stream+json",
		"application/json-seq":
		return true
	}
	return strings.HasPrefix(name, "application/grpc") || strings.HasPrefix(name, "application/connect+")
}

// passStream passes on a request that may stay open, and cuts it as soon as the session or token behind it ends or the
// verdict that let it in would be another.
func (x *exchange) passStream() error {
	ctx, cut := context.WithCancel(x.r.Context())
	defer cut()
	x.r = x.r.WithContext(ctx)
	x.answer.watched = true
	defer x.watchSession(cut)()
	return x.pass()
}

// passHTTP3 passes on a request over HTTP/3. No deadline there wakes a handler that waits for its upstream, so an
// answer that turns out to be a stream is cut by the context of its request.
func (x *exchange) passHTTP3() error {
	ctx, cut := context.WithCancel(x.r.Context())
	defer cut()
	x.r = x.r.WithContext(ctx)
	x.answer.cancel = cut
	return x.pass()
}

// watchAnswer is called when an answer turns out to be a stream although nothing in the request said so. It returns
// what ends the watch.
func (x *exchange) watchAnswer() func() {
	return x.watchSession(x.answer.cutOff)
}

// watchSession calls cut once what let the request in is over. The function that it returns ends the watch.
func (x *exchange) watchSession(cut func()) (stop func()) {
	verdict := x.judge()
	verdict.Fresh = 0 // a stream was opened while the sign-in was fresh; its age alone cuts nothing
	gate, run := x.gate, x.run
	holds := func(id *identity) bool {
		return verdict.Decide(id.subject, id.proofs, run.Now()) == rolepolicy.Granted
	}
	if x.entry == nil {
		return x.watchToken(holds, cut)
	}
	return run.Sessions.Watch(x.entry, func(now *cache.Entry) {
		if now == nil || !holds(gate.identityOf(run, now)) {
			cut()
		}
	})
}

const (
	tokenInterval   = 400 * time.Millisecond // how often the token of an open stream is looked at
	maxTokenOutages = 2                      // how many times in a row it may be out of reach
)

// watchToken looks at the token of an open stream again and again: no feed reports changes of tokens, and few programs
// hold streams open.
func (x *exchange) watchToken(holds func(*identity) bool, cut func()) (stop func()) {
	ctx, end := context.WithCancel(context.WithoutCancel(x.r.Context()))
	token := x.token
	go func() {
		tick := time.NewTicker(tokenInterval)
		defer tick.Stop()
		for failed := 0; ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			id, err := x.tokenIdentity(ctx, token)
			switch {
			case err == nil && holds(id):
				failed = 0
			case err == nil, errors.Is(err, errInvalidToken), failed == maxTokenOutages:
				cut()
				return
			default:
				failed++
			}
		}
	}()
	return end
}
