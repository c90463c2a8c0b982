package cache

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

func TestAChangeMakesEverySessionOfTheUserAMissAtOnce(t *testing.T) {
	c, f, clk := open(t)
	for i := range 3 {
		f.put(live(benchKey(i), "ann", clk.Now()))
		get(t, c, f, benchKey(i), nil, 1)
	}
	f.put(live(benchKey(9), "bob", clk.Now()))
	get(t, c, f, benchKey(9), nil, 1)
	f.changed("ann")
	for i := range 3 {
		get(t, c, f, benchKey(i), nil, 1)
		get(t, c, f, benchKey(i), nil, 0)
	}
	get(t, c, f, benchKey(9), nil, 0)
}

func TestWhileTheFeedIsDownEveryRequestReadsTheStore(t *testing.T) {
	f, clk := newFake(), newClock()
	c := New(f, Options{Now: clk.Now})
	defer c.Close()
	key := benchKey(1)
	f.put(live(key, "ann", clk.Now()))
	get(t, c, f, key, nil, 1)
	get(t, c, f, key, nil, 1) // not up yet
	f.state(true)
	get(t, c, f, key, nil, 1) // nothing read before it was up is trusted
	get(t, c, f, key, nil, 0)
	f.state(false)
	get(t, c, f, key, nil, 1)
	get(t, c, f, key, nil, 1)
	if c.Stats().Up {
		t.Error("said to be up")
	}
	f.state(true)
	get(t, c, f, key, nil, 1)
	get(t, c, f, key, nil, 0)
}

// held lets a read look into the store, and holds its answer back while the test changes the world.
func held(f *fake) (looked chan struct{}, release chan struct{}) {
	looked, release = make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hold = func(ctx context.Context, _ store.Key) error {
		if !once.CompareAndSwap(false, true) {
			return nil
		}
		close(looked)
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return looked, release
}

func TestAReadThatWasOvertakenIsNotRemembered(t *testing.T) {
	for name, overtake := range map[string]func(*Cache, *fake){
		"by a change":       func(_ *Cache, f *fake) { f.changed("ann") },
		"by a gap":          func(_ *Cache, f *fake) { f.state(false); f.state(true) },
		"by a local end":    func(c *Cache, _ *fake) { _ = c.EndSession(context.Background(), "ann", "s-ann") },
		"by a local change": func(c *Cache, _ *fake) { _ = c.RefreshIdentity(context.Background(), store.Identity{UserID: "ann"}) },
	} {
		t.Run(name, func(t *testing.T) {
			c, f, clk := open(t)
			key := benchKey(1)
			f.put(live(key, "ann", clk.Now()))
			looked, release := held(f)
			got := make(chan error)
			go func() { _, err := c.Get(context.Background(), key); got <- err }()
			<-looked
			overtake(c, f)
			close(release)
			if err := <-got; err != nil { // it asked before, and may have the answer of before
				t.Fatal(err)
			}
			f.remove("ann")
			get(t, c, f, key, store.ErrNotFound, 1)
		})
	}
}

// A browser signs out and at once asks again, while a read that began before the sign-out still has not answered. It
// must not be let in by what that read saw.
func TestReadAfterSignOutDoesNotJoinAnEarlierOne(t *testing.T) {
	c, f, clk := open(t)
	key := benchKey(1)
	f.put(live(key, "ann", clk.Now()))
	looked, release := held(f)
	early := make(chan error)
	go func() { _, err := c.Get(context.Background(), key); early <- err }()
	<-looked
	if err := c.EndSession(t.Context(), "ann", "s-ann"); err != nil {
		t.Fatal(err)
	}
	get(t, c, f, key, store.ErrNotFound, 1)
	close(release)
	<-early
	get(t, c, f, key, store.ErrNotFound, 1)
}

func TestUsersThatShareAMarkOnlyCostReads(t *testing.T) {
	l := newLedger(1)
	l.up(true)
	c := &Cache{ledger: l}
	// More users than marks: some must share.
	entries := make([]*Entry, 4*len(l.marks))
	for i := range entries {
		id := strconv.Itoa(i)
		entries[i] = c.newEntry(benchKey(i), live(benchKey(i), id, time.Now()), l.now())
	}
	l.forget("0")
	stale := 0
	for _, e := range entries {
		if !l.trusts(e) {
			stale++
		}
	}
	if l.trusts(entries[0]) || stale > 40 {
		t.Errorf("%d entries stale", stale)
	}
}

func TestRacingChangesNeverTakeAMarkBack(t *testing.T) {
	l := newLedger(1)
	l.up(true)
	c := &Cache{ledger: l}
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			for range 200 {
				e := c.newEntry(benchKey(1), live(benchKey(1), "ann", time.Now()), l.now())
				l.forget("ann")
				if l.trusts(e) {
					t.Error("trusted after it was forgotten")
				}
			}
		})
	}
	group.Wait()
}
