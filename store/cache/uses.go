package cache

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// uses are the sessions whose last use the store has not been told of. Each session is in it at most once, so its size
// is bounded by what is in use; beyond limit, further ones are not taken and try again at their next use.
type uses struct {
	limit  int
	shards [16]struct {
		sync.Mutex
		byKey map[store.Key]*Entry
		_     [48]byte
	}
}

const (
	flushEvery = time.Second
	flushBatch = 256 // uses told in one call
)

// Use marks the session as used now. It costs an atomic read while the last mark is fresh, and touches a lock once per
// write of last-seen, which happens in the background: at most once in Options.TouchEvery, and always once more after
// the last use, so that the store never thinks a session idle that this cache thinks in use.
func (c *Cache) Use(e *Entry, now time.Time) {
	t := now.UnixNano()
	// Cores that share a session do not fight for its cache line more often than this.
	if t-e.seen.Load() < min(int64(time.Second), e.every/4) {
		return
	}
	e.advance(t)
	if !e.queued.Load() && e.queued.CompareAndSwap(false, true) && !c.uses.add(e) {
		e.queued.Store(false)
		c.counts.dropped.Add(1)
	}
}

// add queues e, in place of an older entry of the same session.
func (u *uses) add(e *Entry) bool {
	shard := &u.shards[e.key[9]%16]
	shard.Lock()
	defer shard.Unlock()
	old := shard.byKey[e.key]
	if old == nil && len(shard.byKey) > u.limit/len(u.shards) {
		return false
	}
	if shard.byKey == nil {
		shard.byKey = make(map[store.Key]*Entry)
	}
	if old != nil && old != e {
		e.inherit(old)
		old.queued.Store(false) // a holder, such as an open stream, may queue it again
	}
	shard.byKey[e.key] = e
	return true
}

// take removes and returns the sessions whose last use may be written at now.
func (u *uses) take(now int64) []*Entry {
	var due []*Entry
	for i := range u.shards {
		shard := &u.shards[i]
		shard.Lock()
		for key, e := range shard.byKey {
			if now-e.wrote.Load() >= e.every {
				delete(shard.byKey, key)
				due = append(due, e)
			}
		}
		shard.Unlock()
	}
	return due
}

// all is a now at which everything is due.
const all = int64(1<<63 - 1)

// FlushUses tells the store of every use that it does not know of, whether its time has come or not. What could not be
// told is kept for the next try.
func (c *Cache) FlushUses(ctx context.Context) error { return c.flush(ctx, all) }

func (c *Cache) flush(ctx context.Context, now int64) error {
	due := c.uses.take(now)
	var errs error
	for len(due) > 0 {
		n := min(len(due), flushBatch)
		batch := due[:n]
		due = due[n:]
		told := make([]store.Use, n)
		for i, e := range batch {
			e.queued.Store(false) // before seen is read: a use from here on queues it again
			told[i] = store.Use{Key: e.live.Session.Key, Seen: e.LastSeen()}
		}
		err := errs // a store that failed for one batch is not asked again at once
		if err == nil {
			err = c.inner.TouchSessions(ctx, told)
		}
		for _, e := range batch {
			if err == nil {
				e.wrote.Store(c.o.Now().UnixNano()) // not when it was seen, or the rate would follow that
			} else if e.queued.CompareAndSwap(false, true) && !c.uses.add(e) {
				e.queued.Store(false)
				c.counts.dropped.Add(1)
			}
		}
		errs = err
	}
	return errs
}

// flushing runs until Close.
func (c *Cache) flushing() {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for failing := false; ; {
		select {
		case <-c.base.Done():
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(c.base, 5*time.Second)
		err := c.flush(ctx, c.o.Now().UnixNano())
		cancel()
		if err != nil && !failing && !errors.Is(err, context.Canceled) {
			c.o.Log.Warn("last uses of sessions not written; will try again", "error", err)
		}
		failing = err != nil
	}
}
