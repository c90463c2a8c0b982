package audit

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// AccessRefused records that access was refused: by a gate to a request, or to an act of administrators. live is the
// session or token of the request, nil if unknown. The same refusal to the same user, address and host is recorded once
// a minute, because a page has many parts and programs retry.
func (t *Emitter) AccessRefused(ctx context.Context, live *store.ActiveSession, reason string, addr netip.Addr,
	host string) {
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

// TokenProof is the method of the proof of an API token. The proof has no time, so it is never a recent login.
const TokenProof = "api_token"

// TokenMethod returns TokenProof for an actor with an API token; empty for a session, whose sign-in is an event of its
// own.
func TokenMethod(live *store.ActiveSession) string {
	if live == nil || len(live.Session.Proofs) != 1 || live.Session.Proofs[0].Method != TokenProof {
		return ""
	}
	return TokenProof
}

// MostRefusals bounds the memory of one minute, because clients choose their addresses.
const MostRefusals = 1000

// OnceAMinute remembers the keys of the present minute. The zero value is ready to use.
type OnceAMinute struct {
	mu     sync.Mutex
	minute time.Time
	seen   map[string]bool
}

// First reports whether the key is new in this minute. Beyond MostRefusals it returns false; metrics count every
// refusal.
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
