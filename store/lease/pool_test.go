package lease

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// thing is a resource of which no two may be open at once.
type thing struct {
	open   *atomic.Int32
	closed atomic.Bool
	err    error
}

func (x *thing) Close() error {
	if x.closed.Swap(true) {
		panic("closed twice")
	}
	x.open.Add(-1)
	return x.err
}

func opener(open *atomic.Int32, opened *atomic.Int32) func(context.Context) (*thing, error) {
	return func(context.Context) (*thing, error) {
		opened.Add(1)
		if open.Add(1) > 1 {
			panic("two are open")
		}
		return &thing{open: open}, nil
	}
}

func must(t *testing.T) func(l *Lease[*thing], err error) *Lease[*thing] {
	return func(l *Lease[*thing], err error) *Lease[*thing] {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
}

func TestAReloadSharesWhatIsOpen(t *testing.T) {
	var pool Pool[*thing]
	var open, opened atomic.Int32
	old := must(t)(pool.Acquire(t.Context(), "db", opener(&open, &opened)))
	next := must(t)(pool.Acquire(t.Context(), "db", opener(&open, &opened)))
	if old.Value() != next.Value() || opened.Load() != 1 {
		t.Fatal("opened twice")
	}
	for range 3 { // a configuration that is cleaned up more than once takes nothing from the other
		if err := old.Release(); err != nil {
			t.Fatal(err)
		}
	}
	if next.Value().closed.Load() {
		t.Fatal("closed while it was held")
	}
	value := next.Value()
	value.err = errors.New("disk full")
	for range 2 {
		if err := next.Release(); err != value.err {
			t.Errorf("release: %v", err)
		}
	}
	if !value.closed.Load() {
		t.Error("still open")
	}
	again := must(t)(pool.Acquire(t.Context(), "db", opener(&open, &opened)))
	if again.Value() == value || opened.Load() != 2 {
		t.Error("got what was closed")
	}
	_ = again.Release()
}

func TestKeysAreApart(t *testing.T) {
	var pool Pool[*thing]
	var a, b, opened atomic.Int32
	one := must(t)(pool.Acquire(t.Context(), "a", opener(&a, &opened)))
	two := must(t)(pool.Acquire(t.Context(), "b", opener(&b, &opened)))
	_ = one.Release()
	if two.Value().closed.Load() {
		t.Error("the other was closed")
	}
	_ = two.Release()
}

func TestAFailedOpenLeavesNothing(t *testing.T) {
	var pool Pool[*thing]
	broken := errors.New("no such file")
	for range 2 {
		if _, err := pool.Acquire(t.Context(), "db", func(context.Context) (*thing, error) { return nil, broken }); err != broken {
			t.Fatal(err)
		}
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = pool.Acquire(t.Context(), "db", func(context.Context) (*thing, error) { panic("driver") })
	}()
	if len(pool.held) != 0 {
		t.Errorf("%d held", len(pool.held))
	}
	var open, opened atomic.Int32
	_ = must(t)(pool.Acquire(t.Context(), "db", opener(&open, &opened))).Release()
}

func TestWhoWaitsSharesTheOutcome(t *testing.T) {
	for _, broken := range []error{nil, errors.New("wrong password")} {
		synctest.Test(t, func(t *testing.T) {
			var pool Pool[*thing]
			var open, opened atomic.Int32
			begin := make(chan struct{})
			var group sync.WaitGroup
			for range 32 {
				group.Go(func() {
					l, err := pool.Acquire(t.Context(), "db", func(ctx context.Context) (*thing, error) {
						<-begin
						if broken != nil {
							opened.Add(1)
							return nil, broken
						}
						return opener(&open, &opened)(ctx)
					})
					if err != broken {
						t.Error(err)
					}
					if err == nil {
						_ = l.Release()
					}
				})
			}
			synctest.Wait()
			close(begin)
			group.Wait()
			if opened.Load() != 1 || open.Load() != 0 || len(pool.held) != 0 {
				t.Errorf("opened %d times, %d open, %d held", opened.Load(), open.Load(), len(pool.held))
			}
		})
	}
}

func TestAnOpenerThatGivesUpFailsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pool Pool[*thing]
		var open, opened atomic.Int32
		ctx, cancel := context.WithCancel(t.Context())
		first, second := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := pool.Acquire(ctx, "db", func(ctx context.Context) (*thing, error) { <-ctx.Done(); return nil, ctx.Err() })
			first <- err
		}()
		synctest.Wait()
		go func() {
			l, err := pool.Acquire(t.Context(), "db", opener(&open, &opened))
			if err == nil {
				err = l.Release()
			}
			second <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := <-second; err != nil {
			t.Error(err)
		}
	})
}

func TestAWaiterThatGivesUpTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pool Pool[*thing]
		var open, opened atomic.Int32
		begin := make(chan struct{})
		holder := make(chan *Lease[*thing], 1)
		go func() {
			l, err := pool.Acquire(t.Context(), "db", func(ctx context.Context) (*thing, error) { <-begin; return opener(&open, &opened)(ctx) })
			if err != nil {
				t.Error(err)
			}
			holder <- l
		}()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		waiter := make(chan error, 1)
		go func() { _, err := pool.Acquire(ctx, "db", opener(&open, &opened)); waiter <- err }()
		synctest.Wait()
		cancel()
		if err := <-waiter; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		close(begin)
		l := <-holder
		if l.Value().closed.Load() {
			t.Error("closed under its holder")
		}
		_ = l.Release()
		if open.Load() != 0 {
			t.Error("still open")
		}
	})
}

func TestThirtyTwoReloadsNeverHoldTwo(t *testing.T) {
	var pool Pool[*thing]
	var open, opened atomic.Int32
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			for range 200 {
				l, err := pool.Acquire(t.Context(), "db", opener(&open, &opened))
				if err != nil {
					t.Error(err)
					return
				}
				if l.Value().closed.Load() {
					t.Error("got what is closed")
				}
				group.Go(func() { _ = l.Release() })
				_ = l.Release()
			}
		})
	}
	group.Wait()
	if open.Load() != 0 || len(pool.held) != 0 {
		t.Errorf("%d open, %d held", open.Load(), len(pool.held))
	}
}
