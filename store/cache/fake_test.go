package cache

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gatehouse-auth/gatehouse/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a session store in memory whose reads can be held and failed, and whose feed the test speaks for.
type fake struct {
	store.SessionStore // nil: what a test does not expect panics

	mu      sync.Mutex
	lives   map[store.Key]store.ActiveSession
	fail    error
	reads   int
	touches []store.Use
	closed  bool
	hold    func(ctx context.Context, key store.Key) error // called after a read has looked, before it answers

	changed func(string)
	state   func(bool)
}

func newFake() *fake { return &fake{lives: make(map[store.Key]store.ActiveSession)} }

func live(key store.Key, userID string, now time.Time) store.ActiveSession {
	return store.ActiveSession{
		Session: store.Session{Key: key, ID: "s-" + userID, UserID: userID, Host: "app.example.com", Created: now,
			LastSeen: now, Idle: 30 * time.Minute, Expires: now.Add(12 * time.Hour)},
		Identity: store.Identity{UserID: userID, Version: 1, Roles: []string{"member"}, Active: true},
	}
}

func (f *fake) put(l store.ActiveSession) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lives[l.Session.Key] = l
}

func (f *fake) failWith(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads
}

func (f *fake) told() []store.Use {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.touches)
}

func (f *fake) remove(userID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, l := range f.lives {
		if l.Session.UserID == userID {
			delete(f.lives, key)
		}
	}
}

func (f *fake) Session(ctx context.Context, key store.Key) (store.ActiveSession, error) {
	f.mu.Lock()
	f.reads++
	l, ok := f.lives[key]
	err, hold := f.fail, f.hold
	f.mu.Unlock()
	if hold != nil {
		if err := hold(ctx, key); err != nil {
			return store.ActiveSession{}, err
		}
	}
	if err == nil && !ok {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.ActiveSession{}, err
	}
	return l, nil
}

func (f *fake) PeekSession(ctx context.Context, key store.Key) (store.ActiveSession, error) {
	return f.Session(ctx, key)
}

func (f *fake) SessionByID(_ context.Context, userID, id string) (store.ActiveSession, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return store.ActiveSession{}, f.fail
	}
	for _, l := range f.lives {
		if l.Session.UserID == userID && l.Session.ID == id {
			return l, nil
		}
	}
	return store.ActiveSession{}, store.ErrNotFound
}

func (f *fake) TouchSessions(_ context.Context, uses []store.Use) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	f.touches = append(f.touches, uses...)
	for _, u := range uses {
		if l, ok := f.lives[u.Key]; ok && l.Session.LastSeen.Before(u.Seen) {
			l.Session.LastSeen = u.Seen
			f.lives[u.Key] = l
		}
	}
	return nil
}

func (f *fake) EndSession(_ context.Context, userID, _ string) error {
	f.remove(userID)
	return nil
}

func (f *fake) EndSessionsOf(_ context.Context, userID, _ string) (int, error) {
	f.remove(userID)
	return 1, nil
}

func (f *fake) RefreshIdentity(_ context.Context, id store.Identity) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, l := range f.lives {
		if l.Session.UserID == id.UserID {
			l.Identity = id
			f.lives[key] = l
		}
	}
	return nil
}

func (f *fake) ProveSession(_ context.Context, old, new store.Key, p store.Proof) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.lives[old]
	if !ok {
		return store.ErrNotFound
	}
	delete(f.lives, old)
	l.Session.Key = new
	f.lives[new] = l
	for key, m := range f.lives {
		if m.Session.UserID == l.Session.UserID {
			m.Session.Proofs = append(slices.Clone(m.Session.Proofs), p)
			f.lives[key] = m
		}
	}
	return nil
}

func (f *fake) Subscribe(changed func(string), state func(bool)) func() {
	f.changed, f.state = changed, state
	return func() {}
}

func (f *fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// open returns a cache over a fake whose feed is up, closed when the test ends.
func open(t *testing.T) (*Cache, *fake, *clock) {
	t.Helper()
	f, clk := newFake(), newClock()
	c := New(f, Options{Now: clk.Now})
	t.Cleanup(func() { c.Close() })
	f.state(true)
	return c, f, clk
}
