package cache

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Entry is a session as it was read from the store, with what was prepared from it. It is shared by every request of
// the session: nothing in it may be changed.
type Entry struct {
	live    store.ActiveSession
	key     store.Key
	born    uint64         // of the read, in the ledger's sequence
	mark    *atomic.Uint64 // the ledger's, of this user
	expires int64          // absolute deadline, Unix nanoseconds
	idle    int64          // nanoseconds; 0 = none
	every   int64          // least distance of two writes of last-seen, nanoseconds
	memo    atomic.Pointer[memo]

	_      [64]byte     // what follows is written to by requests, what precedes is only read by them
	seen   atomic.Int64 // last use known here, Unix nanoseconds
	wrote  atomic.Int64 // when the store was last told of a use
	queued atomic.Bool  // waits in uses
}

// Live returns the session and whom it speaks for, as they were when the store was read. It is shared: read only.
// Session.LastSeen does not move; see LastSeen.
func (e *Entry) Live() *store.ActiveSession { return &e.live }

// Key returns the key of the secret that the session was read by; Session.Key is what it is stored under.
func (e *Entry) Key() store.Key { return e.key }

// LastSeen returns the latest use of the session that is known here.
func (e *Entry) LastSeen() time.Time { return time.Unix(0, e.seen.Load()).UTC() }

func (c *Cache) newEntry(key store.Key, live store.ActiveSession, born uint64) *Entry {
	s := &live.Session
	e := &Entry{live: live, key: key, born: born, mark: c.ledger.mark(s.UserID), expires: nanos(s.Expires),
		idle: int64(s.Idle), every: int64(c.o.TouchEvery)}
	if e.idle > 0 {
		e.every = min(e.every, e.idle/4)
	}
	e.seen.Store(nanos(s.LastSeen))
	e.wrote.Store(nanos(s.LastSeen)) // or later, by another gateway: that only makes us write sooner
	return e
}

// nanos is t.UnixNano for any year.
func nanos(t time.Time) int64 {
	switch {
	case t.Year() > 2200:
		return math.MaxInt64
	case t.Year() < 1970:
		return 0
	}
	return t.UnixNano()
}

// idleOver reports whether the idle deadline as known here has passed. It is a reason to ask the store, no verdict: the
// session may have been used on another host or through another gateway.
func (e *Entry) idleOver(now int64) bool { return e.idle > 0 && now-e.seen.Load() >= e.idle }

// over reports whether the session has ended by its absolute deadline, which nothing moves.
func (e *Entry) over(now int64) bool { return now >= e.expires }

// advance moves last-seen forward, never back.
func (e *Entry) advance(t int64) {
	for old := e.seen.Load(); old < t; old = e.seen.Load() {
		if e.seen.CompareAndSwap(old, t) {
			return
		}
	}
}

// inherit takes over what an older entry of the same session knows of use that the store may not know yet.
func (e *Entry) inherit(old *Entry) {
	e.advance(old.seen.Load())
	e.wrote.Store(max(e.wrote.Load(), old.wrote.Load()))
}

// memo is one link of a short list, newest first; links are never changed.
type memo struct {
	owner uint64
	value any
	next  *memo
}

// maxMemos bounds the list: the gates of one host under the current configuration, and the one before.
const maxMemos = 8

// Memo returns what build made of e for this owner before, or lets it make it now. The owner is a number from NewOwner,
// one for each gate of each configuration. Reading takes no lock. Two requests that come first at once may both build;
// both then get the same value. The value should hold data only: it lives as long as the entry, which may be longer
// than the configuration that made it.
func (e *Entry) Memo(owner uint64, build func(*store.ActiveSession) any) any {
	head := e.memo.Load()
	if v, ok := head.find(owner); ok {
		return v
	}
	value := build(&e.live)
	for {
		if e.memo.CompareAndSwap(head, &memo{owner, value, head.cut(maxMemos - 1)}) {
			return value
		}
		head = e.memo.Load()
		if v, ok := head.find(owner); ok {
			return v
		}
	}
}

func (m *memo) find(owner uint64) (any, bool) {
	for ; m != nil; m = m.next {
		if m.owner == owner {
			return m.value, true
		}
	}
	return nil, false
}

// cut returns the first n links, copied where there are more.
func (m *memo) cut(n int) *memo {
	if m == nil || n == 0 {
		return nil
	}
	if rest := m.next.cut(n - 1); rest != m.next {
		return &memo{m.owner, m.value, rest}
	}
	return m
}

// NewOwner returns a number that no other owner has, for Entry.Memo.
func (c *Cache) NewOwner() uint64 { return c.owners.Add(1) }
