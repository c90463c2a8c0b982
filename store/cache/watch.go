package cache

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-auth/gatehouse/store"
)

// watches are the open streams, by user. Requests never come here; streams do when they open and close.
type watches struct {
	wake chan struct{}

	mu     sync.Mutex
	byUser map[string]map[*watch]struct{}
	due    map[*watch]struct{} // to be judged again
	n      int
}

type watch struct {
	changed func(*Entry)
	entry   atomic.Pointer[Entry] // as last told
	stopped atomic.Bool
	since   time.Time // when it was told that something changed, and has not been able to see what; guarded by watches.mu
}

const (
	watchEvery = time.Second            // deadlines are looked at, and every session while the feed is down
	watchRetry = 100 * time.Millisecond // a change that could not be read yet is tried again
	watchBatch = 512                    // judged in one go
	watchReads = 16                     // of them at one time
)

// Watch calls changed soon after anything about the session changes: with the entry as it is now, so that the caller
// can judge again, or with nil, once, when the session has ended, its account is not active any more, or the cache
// is closed. A change that was told but cannot be read for a second counts as the end: a stream whose rights are in
// doubt is cut, and its client may come back. An outage that nothing was told of ends nothing; after it every watched
// session is read again, and while the feed is down, once a second. A new secret does not end a watch.
//
// changed is called from one goroutine of the cache or another, never two at a time, and must not block. stop ends the
// watch; changed may be running when it returns, but is not called again.
func (c *Cache) Watch(e *Entry, changed func(*Entry)) (stop func()) {
	w := &watch{changed: changed}
	w.entry.Store(e)
	c.watches.add(w, e.live.Session.UserID)
	if c.closed.Load() { // after the adding, so that Close either finds it or is seen here
		c.watches.end(w)
	} else if !c.ledger.trusts(e) { // it changed between Get and Watch, or no feed would say
		c.watches.touch(w)
	}
	return func() { c.watches.remove(w) }
}

func (s *watches) add(w *watch, userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byUser == nil {
		s.byUser = make(map[string]map[*watch]struct{})
		s.due = make(map[*watch]struct{})
	}
	of := s.byUser[userID]
	if of == nil {
		of = make(map[*watch]struct{})
		s.byUser[userID] = of
	}
	of[w] = struct{}{}
	s.n++
}

// remove reports whether w was still there: only the caller that removes it tells its end.
func (s *watches) remove(w *watch) bool {
	w.stopped.Store(true)
	userID := w.entry.Load().live.Session.UserID
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.byUser[userID]
	if _, ok := of[w]; !ok {
		return false
	}
	delete(of, w)
	if len(of) == 0 {
		delete(s.byUser, userID)
	}
	delete(s.due, w)
	s.n--
	return true
}

func (s *watches) end(w *watch) {
	if s.remove(w) {
		w.changed(nil)
	}
}

func (s *watches) endAll() {
	s.mu.Lock()
	var ws []*watch
	for _, of := range s.byUser {
		for w := range of {
			ws = append(ws, w)
		}
	}
	s.mu.Unlock()
	for _, w := range ws {
		s.end(w)
	}
}

func (s *watches) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// told makes every watch of a user due, by word of a change.
func (s *watches) told(userID string) {
	s.mu.Lock()
	for w := range s.byUser[userID] {
		if w.since.IsZero() {
			w.since = time.Now()
		}
		s.due[w] = struct{}{}
	}
	s.mu.Unlock()
	s.rouse()
}

func (s *watches) touch(w *watch) {
	s.mu.Lock()
	s.due[w] = struct{}{}
	s.mu.Unlock()
	s.rouse()
}

// toldAll makes every watch due, with no word that anything did change.
func (s *watches) toldAll() {
	s.mu.Lock()
	for _, of := range s.byUser {
		for w := range of {
			s.due[w] = struct{}{}
		}
	}
	s.mu.Unlock()
	s.rouse()
}

func (s *watches) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// sweep makes those due whose deadline, as known here, has passed; while the feed is down, all.
func (s *watches) sweep(now int64, up bool) {
	if !up {
		s.toldAll()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, of := range s.byUser {
		for w := range of {
			if e := w.entry.Load(); e.over(now) || e.idleOver(now) {
				s.due[w] = struct{}{}
			}
		}
	}
}

// take removes and returns up to watchBatch that are due, those first that a change was told of.
func (s *watches) take() []*watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := make([]*watch, 0, min(len(s.due), watchBatch))
	for _, urgent := range []bool{true, false} {
		for w := range s.due {
			if len(batch) == watchBatch {
				return batch
			}
			if w.since.IsZero() != urgent {
				batch = append(batch, w)
				delete(s.due, w)
			}
		}
	}
	return batch
}

// unread puts back what could not be read, and reports whether the time for it is over.
func (s *watches) unread(w *watch) (over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.stopped.Load() {
		return false
	}
	if over = !w.since.IsZero() && time.Since(w.since) >= time.Second; !over {
		s.due[w] = struct{}{}
	}
	return over
}

func (s *watches) settled(w *watch) {
	s.mu.Lock()
	if _, again := s.due[w]; !again {
		w.since = time.Time{}
	}
	s.mu.Unlock()
}

// watching runs until Close.
func (c *Cache) watching() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	retry := time.NewTimer(watchRetry)
	defer retry.Stop()
	for {
		select {
		case <-c.base.Done():
			return
		case <-tick.C:
			c.watches.sweep(c.o.Now().UnixNano(), c.ledger.isUp())
		case <-c.watches.wake:
		case <-retry.C:
		}
		for batch := c.watches.take(); len(batch) > 0; batch = c.watches.take() {
			if !c.judge(batch) {
				retry.Reset(watchRetry)
				break
			}
		}
	}
}

// judge reads the sessions of the batch again and tells what became of them. It returns false if some could not be
// read.
func (c *Cache) judge(batch []*watch) bool {
	ctx, cancel := context.WithTimeout(c.base, watchEvery/2)
	defer cancel()
	var (
		group  errgroup.Group
		failed atomic.Bool
	)
	group.SetLimit(watchReads)
	for _, w := range batch {
		group.Go(func() error {
			old := w.entry.Load()
			now, err := c.again(ctx, old)
			switch {
			case w.stopped.Load():
			case err == nil:
				c.watches.settled(w)
				if w.entry.Store(now); now != old {
					w.changed(now)
				}
			case errors.Is(err, store.ErrNotFound):
				c.watches.end(w)
			case c.watches.unread(w):
				c.o.Log.Warn("open stream cut: its session changed and cannot be read", "user", old.live.Session.UserID, "error", err)
				c.watches.end(w)
			default:
				failed.Store(true)
			}
			return nil
		})
	}
	_ = group.Wait() // each watch speaks for itself
	return !failed.Load()
}

// again returns the session of a watched entry as it is now. Where the key is gone the secret may have changed, as it
// does at every proof: then the sign-in speaks for its families' sessions, which live as long as it does.
func (c *Cache) again(ctx context.Context, old *Entry) (*Entry, error) {
	e, err := c.known(old.key)
	if e == nil && err == nil {
		e, err = c.read(ctx, reading{old.key, true}, false) // the secret is not being shown: it may be an old one by now
	}
	if !errors.Is(err, store.ErrNotFound) {
		return e, err
	}
	born, was := c.ledger.now(), old.live.Session
	live, err := c.inner.SessionByID(ctx, was.UserID, was.RootID())
	if err != nil {
		return nil, err
	}
	if !live.Identity.Active {
		return nil, store.ErrNotFound
	}
	was.LastSeen, was.Idle, was.Expires, was.Proofs = live.Session.LastSeen, live.Session.Idle, live.Session.Expires, live.Session.Proofs
	live.Session = was
	return c.newEntry(old.key, live, born), nil
}
