package cache

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// get reads key and demands that the store was asked so many times for it.
func get(t *testing.T, c *Cache, f *fake, key store.Key, wantErr error, wantReads int) *Entry {
	t.Helper()
	before := f.count()
	e, err := c.Get(t.Context(), key)
	if !errors.Is(err, wantErr) {
		t.Fatalf("error %v, want %v", err, wantErr)
	}
	if got := f.count() - before; got != wantReads {
		t.Fatalf("%d reads of the store, want %d", got, wantReads)
	}
	return e
}

func TestASessionInUseIsReadOnce(t *testing.T) {
	c, f, clk := open(t)
	key := benchKey(1)
	f.put(live(key, "ann", clk.Now()))
	first := get(t, c, f, key, nil, 1)
	if again := get(t, c, f, key, nil, 0); again != first {
		t.Error("the second request got another entry")
	}
	if id := first.Live().Identity; id.UserID != "ann" || len(id.Roles) != 1 {
		t.Errorf("identity %+v", id)
	}
	if s := c.Stats(); s.Hits != 1 || s.Misses != 1 || s.Sessions != 1 || !s.Up {
		t.Errorf("stats %+v", s)
	}
}

func TestAHitAllocatesNothing(t *testing.T) {
	c, keys := warm(t, 100)
	ctx, owner := t.Context(), c.NewOwner()
	build := func(l *store.ActiveSession) any { return l }
	i := 0
	n := testing.AllocsPerRun(1000, func() {
		e, err := c.Get(ctx, keys[i%len(keys)])
		if err != nil {
			t.Fatal(err)
		}
		c.Use(e, time.Now())
		_ = e.Memo(owner, build)
		i++
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestGarbageCookiesLeaveNothing(t *testing.T) {
	c, f, _ := open(t)
	for i := range 1000 {
		get(t, c, f, benchKey(i), store.ErrNotFound, 1)
	}
	c.entries.CleanUp()
	if s := c.Stats(); s.Sessions != 0 {
		t.Errorf("%d entries", s.Sessions)
	}
	for i := range c.flights.shards {
		if n := len(c.flights.shards[i].byKey); n != 0 {
			t.Errorf("%d reads left", n)
		}
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	f := newFake()
	c := New(f, Options{Size: 100})
	defer c.Close()
	f.state(true)
	for i := range 1000 {
		f.put(live(benchKey(i), "ann", time.Now()))
		if _, err := c.Get(t.Context(), benchKey(i)); err != nil {
			t.Fatal(err)
		}
	}
	c.entries.CleanUp()
	if n := c.Stats().Sessions; n > 100 {
		t.Errorf("%d entries", n)
	}
}

func TestErrorsArePassedOnAndNotRemembered(t *testing.T) {
	c, f, clk := open(t)
	key := benchKey(1)
	f.put(live(key, "ann", clk.Now()))
	f.failWith(fmt.Errorf("reading: %w", store.ErrUnavailable))
	get(t, c, f, key, store.ErrUnavailable, 1)
	get(t, c, f, key, store.ErrUnavailable, 1)
	f.failWith(nil)
	get(t, c, f, key, nil, 1)
	f.failWith(store.ErrUnavailable)
	get(t, c, f, key, nil, 0) // an outage that the feed has not noticed does not disturb who is known
}

func TestAPassedIdleDeadlineIsAMissAndNoVerdict(t *testing.T) {
	c, f, clk := open(t)
	key := benchKey(1)
	l := live(key, "ann", clk.Now())
	f.put(l)
	get(t, c, f, key, nil, 1)
	clk.add(30 * time.Minute)
	l.Session.LastSeen = clk.Now().Add(-time.Minute) // used through another gateway
	f.put(l)
	get(t, c, f, key, nil, 1)
	clk.add(28 * time.Minute)
	get(t, c, f, key, nil, 0)
	clk.add(2 * time.Minute)
	f.remove("ann") // the store thinks it over, too
	get(t, c, f, key, store.ErrNotFound, 1)
}

func TestLocalUseKeepsASessionFromBeingReadAgain(t *testing.T) {
	c, f, clk := open(t)
	key := benchKey(1)
	f.put(live(key, "ann", clk.Now()))
	e := get(t, c, f, key, nil, 1)
	for range 10 {
		clk.add(20 * time.Minute)
		e = get(t, c, f, key, nil, 0)
		c.Use(e, clk.Now())
	}
	if !e.LastSeen().Equal(clk.Now()) {
		t.Errorf("last seen %v, want %v", e.LastSeen(), clk.Now())
	}
}

func TestThePassedAbsoluteDeadlineEndsWithoutTheStore(t *testing.T) {
	c, f, clk := open(t)
	key := benchKey(1)
	l := live(key, "ann", clk.Now())
	l.Session.Idle = 0
	f.put(l)
	get(t, c, f, key, nil, 1)
	clk.add(12*time.Hour - 1)
	get(t, c, f, key, nil, 0)
	clk.add(1)
	get(t, c, f, key, store.ErrNotFound, 0)
	f.remove("ann")
	get(t, c, f, key, store.ErrNotFound, 1) // and it was dropped
}

func TestWhatTheStoreShouldNeverSayIsNoSession(t *testing.T) {
	c, f, clk := open(t)
	inactive := live(benchKey(1), "ann", clk.Now())
	inactive.Identity.Active = false
	f.put(inactive)
	get(t, c, f, benchKey(1), store.ErrNotFound, 1)

	mixed := live(benchKey(2), "ann", clk.Now())
	mixed.Identity.UserID = "bob"
	f.put(mixed)
	if e, err := c.Get(t.Context(), benchKey(2)); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("ann's session with bob's identity: %v, %v", e, err)
	}
}

func TestKeysThatShareTheirFirstBytesAreNotMistaken(t *testing.T) {
	c, f, clk := open(t)
	a, b := benchKey(1), benchKey(1)
	b[31] ^= 1
	f.put(live(a, "ann", clk.Now()))
	f.put(live(b, "bob", clk.Now()))
	for range 3 {
		if e, err := c.Get(t.Context(), a); err != nil || e.Live().Identity.UserID != "ann" {
			t.Fatal(e, err)
		}
		if e, err := c.Get(t.Context(), b); err != nil || e.Live().Identity.UserID != "bob" {
			t.Fatal(e, err)
		}
	}
	b[30] ^= 1
	get(t, c, f, b, store.ErrNotFound, 1)
}

func TestAfterCloseNothingIsAnswered(t *testing.T) {
	c, f, clk := open(t)
	key := benchKey(1)
	f.put(live(key, "ann", clk.Now()))
	e := get(t, c, f, key, nil, 1)
	clk.add(time.Minute)
	c.Use(e, clk.Now())
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if told := f.told(); len(told) != 1 || !told[0].Seen.Equal(clk.Now()) {
		t.Errorf("uses told at the end: %v", told)
	}
	if !f.closed {
		t.Error("the wrapped store is still open")
	}
	get(t, c, f, key, store.ErrClosed, 0)
	f.state(true) // a late word of the feed changes nothing
	get(t, c, f, key, store.ErrClosed, 0)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestCallsOfTheStoreAreObserved(t *testing.T) {
	f := newFake()
	var calls []string
	c := New(f, Options{Observe: func(call string, _ time.Duration, err error) {
		calls = append(calls, fmt.Sprint(call, " ", err))
	}})
	defer c.Close()
	_, _ = c.Get(context.Background(), benchKey(1))
	if len(calls) != 1 || calls[0] != "Session not found" {
		t.Errorf("observed %q", calls)
	}
}
