package cache

import (
	"hash/maphash"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
)

// ledger knows which entries may still be trusted. Everything that makes entries stale takes the next number of one
// sequence; an entry remembers the number at which its read began, and is trusted while nothing that concerns it has a
// later one. So a read that was under way when its user changed is stale when it arrives, with no list of reads kept.
//
// A user's latest change is written into one of a fixed number of marks, found by the hash of the user's id: telling
// it costs the same for one cached session as for a million, and nothing grows. Users that share a mark make each
// other's entries stale, which costs them one read of the store.
type ledger struct {
	seq   atomic.Uint64
	floor atomic.Uint64 // entries from before it are not trusted; noEntry while the feed is down
	seed  maphash.Seed
	marks []atomic.Uint64

	mu sync.Mutex // orders changes of floor
}

const noEntry = math.MaxUint64

func newLedger(size int) *ledger {
	n := min(max(size, 1<<8), 1<<16)
	l := &ledger{seed: maphash.MakeSeed(), marks: make([]atomic.Uint64, 1<<bits.Len(uint(n-1)))}
	l.floor.Store(noEntry) // until the feed says that it is up
	return l
}

// now is the number that a read which begins now is born with.
func (l *ledger) now() uint64 { return l.seq.Load() }

func (l *ledger) mark(userID string) *atomic.Uint64 {
	return &l.marks[maphash.String(l.seed, userID)&uint64(len(l.marks)-1)]
}

// trusts reports whether an entry may be used without asking the store.
func (l *ledger) trusts(e *Entry) bool {
	return e.born >= l.floor.Load() && e.mark.Load() <= e.born
}

// forget makes every entry of a user stale.
func (l *ledger) forget(userID string) {
	n := l.seq.Add(1)
	mark := l.mark(userID)
	for old := mark.Load(); old < n; old = mark.Load() {
		if mark.CompareAndSwap(old, n) {
			return
		}
	}
}

// forgetAll makes every entry stale.
func (l *ledger) forgetAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.seq.Add(1); l.floor.Load() != noEntry {
		l.floor.Store(n)
	}
}

// up says whether changes are being told. What was read before they were is stale.
func (l *ledger) up(up bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.seq.Add(1)
	if !up {
		n = noEntry
	}
	l.floor.Store(n)
}

func (l *ledger) isUp() bool { return l.floor.Load() != noEntry }
