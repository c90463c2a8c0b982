package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/gatehouse-auth/gatehouse/store"
)

// flight is one read of the store that any number of callers wait for. It runs in a goroutine of its own, so that a
// caller who gives up fails no other, and is cancelled when the last of them has.
type flight struct {
	born   uint64 // the ledger's number when it began
	done   chan struct{}
	cancel context.CancelFunc
	entry  *Entry
	err    error

	waiting int // guarded by the shard
	claimed atomic.Bool
}

// result is what a caller gets. Of those who showed the copy of a secret together, one is told.
func (f *flight) result() (*Entry, error) {
	if _, ok := errors.AsType[*store.ReplayedError](f.err); ok && f.claimed.Swap(true) {
		return nil, store.ErrNotFound
	}
	return f.entry, f.err
}

// reading is what a flight is for. Who only looks again never shares the read of who shows a secret: something may come
// of that one.
type reading struct {
	key  store.Key
	peek bool
}

// flights are the reads under way, in shards so that misses of different keys do not queue for one lock.
type flights struct {
	shards [64]struct {
		sync.Mutex
		byKey map[reading]*flight
		_     [48]byte
	}
}

// read answers from the store. A caller joins a read under way only if nothing at all was told since that began: one
// that comes after a sign-out must never get what was read before it. With fresh it never joins.
func (c *Cache) read(ctx context.Context, what reading, fresh bool) (*Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading session: %w", err)
	}
	if c.o.Wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.o.Wait)
		defer cancel()
	}
	c.counts.misses.Add(1)
	shard := &c.flights.shards[what.key[8]%64]
	shard.Lock()
	if c.closed.Load() {
		shard.Unlock()
		return nil, store.ErrClosed
	}
	f := shard.byKey[what]
	if f == nil || fresh || f.born != c.ledger.now() {
		f = c.begin(ctx, what)
		if shard.byKey == nil {
			shard.byKey = make(map[reading]*flight)
		}
		shard.byKey[what] = f
	}
	f.waiting++
	shard.Unlock()

	select {
	case <-f.done:
		return f.result()
	case <-ctx.Done():
	}
	shard.Lock()
	if f.waiting--; f.waiting == 0 {
		f.cancel()
		if shard.byKey[what] == f { // a later caller must not join a cancelled read
			delete(shard.byKey, what)
		}
	}
	shard.Unlock()
	return nil, fmt.Errorf("reading session: %w", ctx.Err())
}

// begin starts a read. The shard is locked.
func (c *Cache) begin(ctx context.Context, what reading) *flight {
	f := &flight{born: c.ledger.now(), done: make(chan struct{})}
	ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(c.base, f.cancel)
	c.running.Go(func() {
		defer f.cancel()
		defer stop()
		f.entry, f.err = c.load(ctx, what, f.born)
		shard := &c.flights.shards[what.key[8]%64]
		shard.Lock()
		if shard.byKey[what] == f {
			delete(shard.byKey, what)
		}
		shard.Unlock()
		close(f.done)
	})
	return f
}

func (c *Cache) load(ctx context.Context, what reading, born uint64) (e *Entry, err error) {
	// It runs outside the request's goroutine, where nothing else would catch a driver's panic and all of Caddy would end.
	defer func() {
		if r := recover(); r != nil {
			c.o.Log.Error("session store panicked", "panic", r)
			e, err = nil, errors.New("reading session: the store's driver panicked")
		}
	}()
	key, look := what.key, c.Session
	if what.peek {
		look = c.inner.PeekSession
	}
	live, err := look(ctx, key)
	switch {
	case err == nil && (live.Session.UserID == "" || live.Session.UserID != live.Identity.UserID):
		return nil, errors.New("reading session: it does not belong to the identity beside it")
	case err == nil && !live.Identity.Active:
		c.drop(key)
		return nil, store.ErrNotFound
	case err == nil:
		if live.Session.Promoted {
			c.ledger.forget(live.Session.UserID) // what the secrets before are remembered by, sooner than the feed tells
		}
		e = c.newEntry(key, live, born)
		if s := &live.Session; s.Until.IsZero() && (!what.peek || s.Key == key && s.SecretSince.IsZero()) {
			c.keep(e) // an old secret is asked for every time: it is good for a moment only
		}
		return e, nil
	case errors.Is(err, store.ErrNotFound):
		c.drop(key)
	case c.closed.Load():
		return nil, store.ErrClosed
	}
	return nil, err
}

// settle returns once no read can begin any more. closed must be set.
func (f *flights) settle() {
	for i := range f.shards {
		f.shards[i].Lock()
		//lint:ignore SA2001 passing the lock is the point: who held it has started its read
		f.shards[i].Unlock()
	}
}
