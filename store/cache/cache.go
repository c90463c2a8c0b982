package cache

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Options configure a Cache. The zero value is ready for use.
type Options struct {
	Size       int              // most sessions kept; default 100,000
	TouchEvery time.Duration    // a session's last-seen is written at most this often; default 1m, at most a quarter of its idle limit
	Wait       time.Duration    // the longest that Get waits for the store; default: as long as its caller does
	Now        func() time.Time // default time.Now
	Log        *slog.Logger     // default: nothing is logged
	// Observe, if set, is told of every call of the store: what ("Session", "TakeTicket"), how long it took, and how it
	// ended. It must be quick and may be called from many goroutines.
	Observe func(call string, took time.Duration, err error)
	// Replayed, if set, is told of a session that was ended because an old secret of it was shown (store.ErrReplayed),
	// once. The context is that of the call that showed it.
	Replayed func(context.Context, *store.ActiveSession)
}

// Cache is a session store that answers Get from memory where it may. Everything else it passes on to the store that
// it wraps, and forgets at once what the call has changed, however long the feed takes to tell it.
type Cache struct {
	inner                        // the wrapped store, observed
	counter store.SessionCounter // the wrapped store, where it can count; else nil

	refreshesItself bool // the wrapped store

	o       Options
	entries *otter.Cache[uint64, *Entry] // see short
	ledger  *ledger
	flights flights
	uses    uses
	watches watches
	counts  counts
	owners  atomic.Uint64

	unsubscribe func()
	base        context.Context // ends with Close
	end         context.CancelFunc
	closed      atomic.Bool
	running     sync.WaitGroup
	closeOnce   sync.Once
	closeErr    error
}

// inner keeps the wrapped store out of the API: no caller gets around the cache.
type inner = store.SessionStore

// New wraps s. It answers from memory once the feed of s is up. Close closes s too.
func New(s store.SessionStore, o Options) *Cache {
	if o.Size <= 0 {
		o.Size = 100_000
	}
	if o.TouchEvery <= 0 {
		o.TouchEvery = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	counter, _ := s.(store.SessionCounter)
	refreshesItself := store.RefreshesItself(s)
	if o.Observe != nil {
		s = &observed{s, o.Observe}
	}
	c := &Cache{inner: s, counter: counter, refreshesItself: refreshesItself, o: o, ledger: newLedger(o.Size)}
	// No expiry and no statistics: neither costs a hit anything this way. Deadlines are judged by the entries.
	c.entries = otter.Must(&otter.Options[uint64, *Entry]{MaximumSize: o.Size})
	c.base, c.end = context.WithCancel(context.Background())
	c.uses.limit = o.Size
	c.watches.wake = make(chan struct{}, 1)
	c.running.Go(c.flushing)
	c.running.Go(c.watching)
	c.unsubscribe = s.Subscribe(c.told, c.feed)
	return c
}

// short is what an entry is looked up by. A key is a SHA-256 already, so its first eight bytes are spread evenly and
// cheap to hash; two keys that share them push each other out; Get tells them apart.
func short(key *store.Key) uint64 { return binary.LittleEndian.Uint64(key[:8]) }

// Get returns the session with that key: from memory if it is there and may be trusted, else from the store, where
// callers that ask for one key at one time share one read. ErrNotFound as Sessions.Session; any other error means that
// the answer is not known. The caller's own context bounds its wait and no other's.
func (c *Cache) Get(ctx context.Context, key store.Key) (*Entry, error) {
	if e, err := c.known(key); e != nil || err != nil {
		return e, err
	}
	return c.read(ctx, reading{key: key}, false)
}

// known returns what is remembered under key, if it may be trusted; nil where the store must be asked.
func (c *Cache) known(key store.Key) (*Entry, error) {
	e, ok := c.entries.GetIfPresent(short(&key))
	if ok && e.key == key && c.ledger.trusts(e) {
		now := c.o.Now().UnixNano()
		if e.over(now) {
			c.entries.Invalidate(short(&key))
			return nil, store.ErrNotFound
		}
		if !e.idleOver(now) {
			c.counts.hit()
			return e, nil
		}
	}
	return nil, nil
}

// Fresh returns the session with that key as the store has it now, whatever is remembered. It is for the moment
// before a person is sent away for a proof that they may have just given through another gateway.
func (c *Cache) Fresh(ctx context.Context, key store.Key) (*Entry, error) {
	return c.read(ctx, reading{key: key}, true)
}

// keep remembers what was read, unless it is stale already.
func (c *Cache) keep(e *Entry) {
	if old, ok := c.entries.GetEntryQuietly(short(&e.key)); ok && old.Value.key == e.key {
		e.inherit(old.Value)
	}
	if c.ledger.trusts(e) {
		c.entries.Set(short(&e.key), e)
	}
}

// drop forgets one key.
func (c *Cache) drop(key store.Key) {
	if old, ok := c.entries.GetEntryQuietly(short(&key)); ok && old.Value.key == key {
		c.entries.Invalidate(short(&key))
	}
}

// told is the feed's word that a user's sessions changed or ended.
func (c *Cache) told(userID string) {
	c.counts.forgotten.Add(1)
	c.ledger.forget(userID)
	c.watches.told(userID)
}

// feed is the feed's word on whether changes are being told.
func (c *Cache) feed(up bool) {
	c.ledger.up(up)
	if up {
		c.watches.toldAll()
		c.o.Log.Info("session cache in use")
		return
	}
	c.o.Log.Warn("session cache out of use: the session store's feed is down; every request reads the store")
}

// Close writes what is known of use, ends every watch and closes the wrapped store. Get answers ErrClosed from then on.
func (c *Cache) Close() error {
	c.closeOnce.Do(func() {
		c.closed.Store(true)
		c.unsubscribe()
		c.ledger.up(false)
		c.end()
		c.flights.settle()
		c.running.Wait()
		c.watches.endAll()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err := c.FlushUses(ctx)
		if err != nil {
			err = fmt.Errorf("writing last uses of sessions: %w", err)
		}
		c.closeErr = errors.Join(err, c.inner.Close())
	})
	return c.closeErr
}

var (
	_ store.SessionStore   = (*Cache)(nil)
	_ store.SessionCounter = (*Cache)(nil)
)
