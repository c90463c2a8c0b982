package authportal

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// AccessRefused tells that somebody was not let in where they asked to be: a request that a gate refused, or an act that is
// for administrators. live is whose session or token it was; nil where that is unknown. A page has many parts, and a program
// asks again and again: the same refusal to the same person, address and host is told once a minute.
func (p *Portal) AccessRefused(ctx context.Context, live *store.ActiveSession, reason string, addr netip.Addr, host string) {
	e := Event{Kind: EventAccess, Result: ResultRefused, Reason: reason, Host: host, Time: p.now()}
	if addr.IsValid() {
		e.Address = addr.Unmap().WithZone("").String()
	}
	if live != nil {
		e.UserID, e.Username, e.Session = live.Identity.UserID, live.Identity.Username, live.Session.RootID()
		e.Method = tokenMethod(live)
	}
	if p.refusals.first(e.Time, e.UserID+" "+e.Reason+" "+e.Address+" "+e.Host) {
		tell(context.WithoutCancel(ctx), p.log, p.notify, e)
	}
}

// tokenMethod is how whoever acts by an API token is known; empty for one who signed in, whose sign-in is an event itself.
func tokenMethod(live *store.ActiveSession) string {
	if live == nil || len(live.Session.Proofs) != 1 || live.Session.Proofs[0].Method != tokenProof {
		return ""
	}
	return tokenProof
}

// mostRefusals bounds what one minute remembers: strangers choose their addresses.
const mostRefusals = 1000

// onceAMinute tells what is new in this minute. The zero value is ready.
type onceAMinute struct {
	mu     sync.Mutex
	minute time.Time
	seen   map[string]bool
}

// first tells whether the key is new. What does not fit counts as seen: metrics count it all the same.
func (o *onceAMinute) first(now time.Time, key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if minute := now.Truncate(time.Minute); o.seen == nil || !minute.Equal(o.minute) {
		o.minute, o.seen = minute, map[string]bool{}
	}
	if o.seen[key] || len(o.seen) >= mostRefusals {
		return false
	}
	o.seen[key] = true
	return true
}
