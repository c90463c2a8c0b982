package cache

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/gatehouse-auth/gatehouse/store"
)

func TestManyThatMissOneKeyShareOneRead(t *testing.T) {
	for _, known := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			c, f, clk := open(t)
			key := benchKey(1)
			want := store.ErrNotFound
			if known {
				f.put(live(key, "ann", clk.Now()))
				want = nil
			}
			_, release := held(f)
			var group sync.WaitGroup
			for range 32 {
				group.Go(func() {
					if _, err := c.Get(t.Context(), key); !errors.Is(err, want) {
						t.Error(err)
					}
				})
			}
			synctest.Wait()
			if n := f.count(); n != 1 {
				t.Errorf("%d reads", n)
			}
			close(release)
			group.Wait()
			if n := f.count(); n != 1 {
				t.Errorf("%d reads", n)
			}
		})
	}
}

func TestACallerThatGivesUpFailsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f, clk := open(t)
		key := benchKey(1)
		f.put(live(key, "ann", clk.Now()))
		_, release := held(f)
		first, cancel := context.WithCancel(t.Context())
		gaveUp, stayed := make(chan error, 1), make(chan error, 1)
		go func() { _, err := c.Get(first, key); gaveUp <- err }()
		synctest.Wait()
		go func() { _, err := c.Get(t.Context(), key); stayed <- err }()
		synctest.Wait()
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrNotFound) {
			t.Errorf("who gave up: %v", err)
		}
		close(release)
		if err := <-stayed; err != nil {
			t.Errorf("who stayed: %v", err)
		}
		if n := f.count(); n != 1 {
			t.Errorf("%d reads", n)
		}
	})
}

func TestAReadThatNobodyWaitsForIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f, clk := open(t)
		key := benchKey(1)
		f.put(live(key, "ann", clk.Now()))
		cancelled := 0
		f.hold = func(ctx context.Context, _ store.Key) error { // a store that hangs
			<-ctx.Done()
			cancelled++
			return ctx.Err()
		}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if _, err := c.Get(ctx, key); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		cancel()
		group.Wait()
		synctest.Wait()
		if cancelled != 1 {
			t.Errorf("%d reads cancelled", cancelled)
		}
		f.hold = nil
		get(t, c, f, key, nil, 1)
	})
}

func TestCloseEndsReadsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f, _ := open(t)
		f.hold = func(ctx context.Context, _ store.Key) error { <-ctx.Done(); return ctx.Err() }
		got := make(chan error, 1)
		go func() { _, err := c.Get(t.Context(), benchKey(1)); got <- err }()
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := <-got; !errors.Is(err, store.ErrClosed) {
			t.Error(err)
		}
	})
}

func TestADriverThatPanicsIsAnError(t *testing.T) {
	c, f, _ := open(t)
	f.hold = func(context.Context, store.Key) error { panic("nil map") }
	if _, err := c.Get(t.Context(), benchKey(1)); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

func TestFreshAsksTheStore(t *testing.T) {
	c, f, clk := open(t)
	key := benchKey(1)
	f.put(live(key, "ann", clk.Now()))
	get(t, c, f, key, nil, 1)
	l := live(key, "ann", clk.Now())
	l.Session.Proofs = []store.Proof{{Method: "totp", At: clk.Now()}}
	f.put(l) // proven through another gateway, whose word has not come yet
	e, err := c.Fresh(t.Context(), key)
	if err != nil || len(e.Live().Session.Proofs) != 1 {
		t.Fatal(e, err)
	}
	if again := get(t, c, f, key, nil, 0); again != e {
		t.Error("what was read fresh was not kept")
	}
}

// Readers, changes, gaps and sign-outs at once: a request after a sign-out was announced gets nothing.
func TestNothingOutlivesItsEndUnderLoad(t *testing.T) {
	c, f, clk := open(t)
	ctx := t.Context()
	var group sync.WaitGroup
	for g := range 8 {
		user := string(rune('a' + g))
		group.Go(func() {
			for i := range 200 {
				key := benchKey(g*1000 + i)
				f.put(live(key, user, clk.Now()))
				var readers sync.WaitGroup
				for range 3 {
					readers.Go(func() {
						for range 5 {
							if e, err := c.Get(ctx, key); err == nil {
								c.Use(e, clk.Now())
							} else if !errors.Is(err, store.ErrNotFound) {
								t.Error(err)
							}
						}
					})
				}
				if i%20 == 0 {
					f.changed(user)
				}
				if err := c.EndSession(ctx, user, ""); err != nil {
					t.Error(err)
				}
				if _, err := c.Get(ctx, key); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("after the sign-out: %v", err)
				}
				readers.Wait()
				if _, err := c.Get(ctx, key); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("after late readers: %v", err)
				}
			}
		})
	}
	group.Wait()
}
