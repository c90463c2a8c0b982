package audit

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// AccessRefused records that somebody was not let in where they asked to be: a request that a gate refused, or an act that
// is for administrators. live is whose session or token it was; nil where that is unknown. A page has many parts, and a
// program asks again and again: the same refusal to the same person, address and host is recorded once a minute.
func (t *Emitter) AccessRefused(ctx context.Context, live *store.ActiveSession, reason string, addr netip.Addr, host string) {
	e := Event{Kind: EventAccess, Result: ResultRefused, Reason: reason, Host: host, Time: t.now()}
	if addr.IsValid() {
		e.Address = addr.Unmap().WithZone("").String()
	}
	if live != nil {
		e.UserID, e.Username, e.Session = live.Identity.UserID, live.Identity.Username, live.Session.RootID()
		e.Method = TokenMethod(live)
	}
	if t.refusals.First(e.Time, e.UserID+" "+e.Reason+" "+e.Address+" "+e.Host) {
		t.Emit(ctx, e)
	}
}

// TokenProof is the method that an API token counts as. Its time is zero: nobody was there, so it is never a recent
// login.
const TokenProof = "api_token"

// TokenMethod is how an actor is known who uses an API token; empty for one who signed in, whose sign-in is an event itself.
func TokenMethod(live *store.ActiveSession) string {
	if live == nil || len(live.Session.Proofs) != 1 || live.Session.Proofs[0].Method != TokenProof {
		return ""
	}
	return TokenProof
}

// MostRefusals bounds what one minute remembers: strangers choose their addresses.
const MostRefusals = 1000

// OnceAMinute reports what is new in this minute. The zero value is ready.
type OnceAMinute struct {
	mu     sync.Mutex
	minute time.Time
	seen   map[string]bool
}

// First reports whether the key is new. What does not fit counts as seen: metrics count it all the same.
func (o *OnceAMinute) First(now time.Time, key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if minute := now.Truncate(time.Minute); o.seen == nil || !minute.Equal(o.minute) {
		o.minute, o.seen = minute, map[string]bool{}
	}
	if o.seen[key] || len(o.seen) >= MostRefusals {
		return false
	}
	o.seen[key] = true
	return true
}
