package cache

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// stream records what a watch is told.
type stream struct {
	mu   sync.Mutex
	told []*Entry
}

func (s *stream) changed(e *Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, e)
}

// state returns how often it was told of a change, and whether of the end.
func (s *stream) state() (changes int, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.told {
		if ended && e == nil {
			panic("told of the end twice")
		}
		if ended = ended || e == nil; e != nil {
			changes++
		}
	}
	return changes, ended
}

// watching opens a cache in the bubble's time and a stream of ann's.
func watching(t *testing.T, f store.SessionStore, feed *fake) (*Cache, *stream, func()) {
	t.Helper()
	c := New(f, Options{})
	t.Cleanup(func() { c.Close() })
	feed.state(true)
	feed.put(live(benchKey(1), "ann", time.Now()))
	feed.put(live(benchKey(2), "bob", time.Now()))
	s := &stream{}
	return c, s, c.Watch(get(t, c, feed, benchKey(1), nil, 1), s.changed)
}

func expect(t *testing.T, s *stream, changes int, ended bool) {
	t.Helper()
	synctest.Wait()
	if gotChanges, gotEnded := s.state(); gotChanges != changes || gotEnded != ended {
		t.Fatalf("told of %d changes and end %v, want %d and %v", gotChanges, gotEnded, changes, ended)
	}
}

func TestAStreamIsCutWhenItsSessionEnds(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *Cache, *fake){
		"here":         func(t *testing.T, c *Cache, _ *fake) { _ = c.EndSession(t.Context(), "ann", "s-ann") },
		"on a gateway": func(_ *testing.T, _ *Cache, f *fake) { f.remove("ann"); f.changed("ann") },
		"by disabling": func(t *testing.T, c *Cache, _ *fake) {
			_ = c.RefreshIdentity(t.Context(), store.Identity{UserID: "ann"})
		},
		"in a gap": func(_ *testing.T, _ *Cache, f *fake) { f.state(false); f.remove("ann"); f.state(true) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				c, s, stop := watching(t, f, f)
				f.changed("bob")
				expect(t, s, 0, false)
				end(t, c, f)
				expect(t, s, 0, true) // with no time passing at all
				f.changed("ann")
				stop()
				expect(t, s, 0, true)
				if n := c.Stats().Watches; n != 0 {
					t.Errorf("%d watches left", n)
				}
			})
		})
	}
}

func TestAStreamIsToldOfNewRights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c, s, stop := watching(t, f, f)
		id := store.Identity{UserID: "ann", Version: 2, Roles: []string{"editor"}, Active: true}
		if err := c.RefreshIdentity(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		expect(t, s, 1, false)
		if got := s.told[0].Live().Identity; got.Version != 2 || got.Roles[0] != "editor" {
			t.Errorf("told %+v", got)
		}
		stop()
		stop()
		f.changed("ann")
		expect(t, s, 1, false)
	})
}

func TestAStreamOutlivesANewSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c, s, _ := watching(t, f, f)
		if err := c.ProveSession(t.Context(), benchKey(1), benchKey(11), store.Proof{Method: "totp"}); err != nil {
			t.Fatal(err)
		}
		expect(t, s, 1, false)
		if proofs := s.told[0].Live().Session.Proofs; len(proofs) != 1 {
			t.Errorf("proofs %v", proofs)
		}
		_ = c.EndSession(t.Context(), "ann", "s-ann")
		expect(t, s, 1, true)
	})
}

func TestAStreamIsCutAtItsDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &expiring{newFake()}
		c, s, _ := watching(t, f, f.fake)
		e := get(t, c, f.fake, benchKey(1), nil, 0)
		for range 35 { // used all the while, so only the absolute deadline is left
			time.Sleep(20 * time.Minute)
			c.Use(e, time.Now())
		}
		expect(t, s, 0, false)
		time.Sleep(20*time.Minute + 2*time.Second)
		expect(t, s, 0, true)

		idle := &stream{}
		c.Watch(mustPut(t, c, f.fake, 3), idle.changed)
		time.Sleep(29 * time.Minute)
		expect(t, idle, 0, false)
		time.Sleep(time.Minute + 2*time.Second)
		expect(t, idle, 0, true)
	})
}

func mustPut(t *testing.T, c *Cache, f *fake, i int) *Entry {
	t.Helper()
	f.put(live(benchKey(i), "ann", time.Now()))
	return get(t, c, f, benchKey(i), nil, 1)
}

func TestAnOutageThatTellsNothingCutsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		_, s, _ := watching(t, f, f)
		f.failWith(store.ErrUnavailable)
		f.state(false)
		time.Sleep(10 * time.Minute)
		expect(t, s, 0, false)
		f.failWith(nil)
		f.state(true)
		synctest.Wait()
		if _, ended := s.state(); ended {
			t.Error("cut after the outage")
		}
	})
}

func TestWhileTheFeedIsDownStreamsAreReadEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		_, s, _ := watching(t, f, f)
		f.state(false)
		time.Sleep(5 * time.Second)
		f.remove("ann")
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if _, ended := s.state(); !ended {
			t.Error("still open")
		}
	})
}

func TestAStreamWhoseRightsAreInDoubtIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		_, s, _ := watching(t, f, f)
		f.failWith(store.ErrUnavailable)
		f.changed("ann")
		time.Sleep(500 * time.Millisecond)
		expect(t, s, 0, false)
		f.failWith(nil)
		time.Sleep(200 * time.Millisecond)
		expect(t, s, 1, false) // it could be read in time
		f.failWith(store.ErrUnavailable)
		f.changed("ann")
		time.Sleep(1200 * time.Millisecond)
		expect(t, s, 1, true)
	})
}

func TestCloseEndsEveryWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c, s, _ := watching(t, f, f)
		e := get(t, c, f, benchKey(1), nil, 0)
		_ = c.Close()
		expect(t, s, 0, true)
		late := &stream{}
		c.Watch(e, late.changed)
		expect(t, late, 0, true)
	})
}

func TestAChangeBetweenGetAndWatchIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c, _, _ := watching(t, f, f)
		e := get(t, c, f, benchKey(1), nil, 0)
		_ = c.EndSession(t.Context(), "ann", "s-ann")
		s := &stream{}
		c.Watch(e, s.changed)
		expect(t, s, 0, true)
	})
}

func TestManyStreamsOpenCloseAndEndAtOnce(t *testing.T) {
	c, f, clk := open(t)
	var group sync.WaitGroup
	var ends atomic.Int64
	for i := range 32 {
		user := string(rune('a' + i%4))
		f.put(live(benchKey(i), user, clk.Now()))
		group.Go(func() {
			for range 50 {
				e, err := c.Get(t.Context(), benchKey(i))
				if err != nil {
					return
				}
				ended := make(chan struct{})
				stop := c.Watch(e, func(e *Entry) {
					if e == nil {
						ends.Add(1)
						close(ended) // panics if told twice
					}
				})
				if i%8 == 0 {
					f.changed(user)
				}
				stop()
			}
		})
	}
	group.Wait()
	if n := c.Stats().Watches; n != 0 || ends.Load() != 0 {
		t.Errorf("%d watches left, %d ended", n, ends.Load())
	}
}

// expiring is a fake that judges deadlines.
type expiring struct{ *fake }

func (x *expiring) PeekSession(ctx context.Context, key store.Key) (store.ActiveSession, error) {
	return x.Session(ctx, key)
}

func (x *expiring) Session(ctx context.Context, key store.Key) (store.ActiveSession, error) {
	l, err := x.fake.Session(ctx, key)
	return x.judged(l, err)
}

func (x *expiring) SessionByID(ctx context.Context, userID, id string) (store.ActiveSession, error) {
	l, err := x.fake.SessionByID(ctx, userID, id)
	return x.judged(l, err)
}

func (x *expiring) judged(l store.ActiveSession, err error) (store.ActiveSession, error) {
	if err == nil && l.Session.Expired(time.Now()) {
		return store.ActiveSession{}, store.ErrNotFound
	}
	return l, err
}
