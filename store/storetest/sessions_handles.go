package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// told records what a feed tells, one line a call.
type told struct {
	mu    sync.Mutex
	lines []string
}

func (f *told) changed(userID string) { f.add("changed " + userID) }
func (f *told) state(up bool)         { f.add(fmt.Sprintf("state %v", up)) }

func (f *told) add(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, line)
}

func (f *told) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.lines)
}

func (f *told) has(line string) bool { return slices.Contains(f.all(), line) }

func (f *told) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = nil
}

// follow subscribes on s and waits until the feed is up.
func (w *world) follow(s store.SessionStore) *told {
	w.Helper()
	f := &told{}
	w.Cleanup(s.Subscribe(f.changed, f.state))
	w.eventually("the feed comes up", func() bool { return f.has("state true") })
	return f
}

func feedTells(w *world) {
	other := w.open()
	f, own := w.follow(other), w.follow(w.s)
	u := w.user("ann")
	l := w.signIn(u)
	w.alive(other, l.Session.Key, "a sign-in on the other handle")
	w.must(w.s.EndSession(w.ctx(), u.ID, l.Session.ID))
	w.eventually("the other handle is told", func() bool { return f.has("changed " + u.ID) })
	w.eventually("the handle itself is told", func() bool { return own.has("changed " + u.ID) })
	w.eventually("the other handle sees it", func() bool {
		_, err := other.Session(w.ctx(), l.Session.Key)
		return errors.Is(err, store.ErrNotFound)
	})
	if lines := f.all(); lines[0] != "state true" {
		w.Fatalf("the feed began with %q", lines)
	}
}

func feedKinds(w *world) {
	other := w.open()
	f := w.follow(other)
	u := w.user("ann")
	l := w.signIn(u)
	c := w.child(l, "app.example.com")
	u2 := promoted(u, "reviewer")
	expect := func(what string) {
		w.Helper()
		w.eventually(what+" is told", func() bool { return f.has("changed " + u.ID) })
		// Further tellings of the same change may follow; a second user's change tells when they are over.
		mark := w.user(newID()[:8])
		m := w.signIn(mark)
		w.must(w.s.EndSession(w.ctx(), mark.ID, m.Session.ID))
		w.eventually("the mark is told", func() bool { return f.has("changed " + mark.ID) })
		f.clear()
	}
	w.must(w.s.ProveSession(w.ctx(), l.Session.Key, newKey(), store.Proof{Method: "totp", At: w.clock.Now()}))
	expect("a proof")
	w.must(w.s.ProveSession(w.ctx(), c.Session.Key, newKey(), store.Proof{Method: "totp", At: w.clock.Now()}))
	expect("a proof through a child")
	w.put(u2)
	w.must(w.s.RefreshIdentity(w.ctx(), u2.Identity()))
	expect("a refreshed identity")
	_, err := w.s.EndSessionsOf(w.ctx(), u.ID, "")
	w.must(err)
	expect("the end of all")
	w.signIn(u2)
	off := u2
	off.Enabled, off.Version = false, 3
	w.put(off)
	w.must(w.s.RefreshIdentity(w.ctx(), off.Identity()))
	expect("an inactive identity")
}

func feedMany(w *world) {
	other := w.open()
	var running, calls atomic.Int64
	one := func() func() {
		calls.Add(1)
		if running.Add(1) > 1 {
			w.Error("two calls at one time")
		}
		return func() { running.Add(-1) }
	}
	f := &told{}
	w.Cleanup(other.Subscribe(
		func(id string) { defer one()(); f.changed(id) },
		func(up bool) { defer one()(); f.state(up) },
	))
	w.eventually("the feed comes up", func() bool { return f.has("state true") })
	ended := make([]store.User, racers)
	lives := make([]store.ActiveSession, racers)
	for i := range ended {
		ended[i] = w.user(newID()[:8])
		lives[i] = w.signIn(ended[i])
	}
	race(func(i int) bool {
		if err := w.s.EndSession(w.ctx(), ended[i].ID, lives[i].Session.ID); err != nil {
			w.Errorf("ending: %v", err)
		}
		return true
	})
	for _, u := range ended {
		w.eventually("every change is told", func() bool { return f.has("changed " + u.ID) })
	}
	if lines := f.all(); lines[0] != "state true" || f.has("state false") {
		w.Fatalf("the feed told %q", lines)
	}
}

func feedCancel(w *world) {
	other := w.follow(w.s)
	var calls atomic.Int64
	up, entered, release := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var once, first sync.Once
	cancel := w.s.Subscribe(func(string) {
		calls.Add(1)
		first.Do(func() { close(entered); <-release })
	}, func(bool) { once.Do(func() { close(up) }) })
	<-up
	u := w.user("ann")
	end := func() {
		l := w.signIn(u)
		w.must(w.s.EndSession(w.ctx(), u.ID, l.Session.ID))
	}
	end()
	<-entered
	done := make(chan struct{})
	go func() { cancel(); close(done) }()
	select {
	case <-done:
		w.Fatal("cancelling did not wait for the call under way")
	case <-time.After(20 * time.Millisecond): // long enough for a cancel that does not wait to return
	}
	close(release)
	<-done
	n := calls.Load()
	other.clear()
	end()
	w.eventually("another subscriber is told", func() bool { return other.has("changed " + u.ID) })
	if calls.Load() != n {
		w.Fatal("a cancelled subscriber was called")
	}
	cancel() // twice is harmless
}

func feedLate(w *world) {
	w.follow(w.s)
	late := w.follow(w.s)
	if lines := late.all(); lines[0] != "state true" {
		w.Fatalf("a late subscriber was told %q", lines)
	}
}

func reopening(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	c := w.child(l, "app.example.com")
	ticket := newKey()
	w.must(w.s.PutTicket(w.ctx(), "handoff", ticket, []byte("x"), w.clock.Now().Add(time.Minute)))
	w.count("account", 2)
	w.clock.Advance(20 * time.Minute)
	w.must(w.s.TouchSessions(w.ctx(), []store.Use{{Key: c.Session.Key, Seen: w.clock.Now()}}))
	w.count("address", 1)
	w.must(w.s.Close())
	w.clock.Advance(20 * time.Minute)

	w.s = w.open()
	w.alive(w.s, l.Session.Key, "a sign-in after reopening")
	w.alive(w.s, c.Session.Key, "a child after reopening")
	w.must(w.s.Ping(w.ctx()))
	_, err := w.s.TakeTicket(w.ctx(), "handoff", ticket)
	w.wantErr(err, store.ErrNotFound, "a ticket that expired meanwhile")

	ticket = newKey()
	w.must(w.s.PutTicket(w.ctx(), "handoff", ticket, []byte("y"), w.clock.Now().Add(time.Minute)))
	w.count("guess", 1)
	w.must(w.s.Close())
	w.s = w.open()
	if got, err := w.s.TakeTicket(w.ctx(), "handoff", ticket); err != nil || string(got) != "y" {
		w.Fatalf("a ticket after reopening: %q, %v", got, err)
	}
	if w.count("guess", 1) {
		w.Fatal("a counter was forgotten by reopening")
	}
}

// calls are all calls that take a context, on data that does not exist.
func (w *world) calls(s store.SessionStore) map[string]func(context.Context) error {
	u := w.user(newID()[:8])
	return map[string]func(context.Context) error{
		"CreateSession": func(ctx context.Context) error { l := w.newSignIn(u); return s.CreateSession(ctx, &l) },
		"Session":       func(ctx context.Context) error { _, err := s.Session(ctx, newKey()); return err },
		"SessionByID":   func(ctx context.Context) error { _, err := s.SessionByID(ctx, u.ID, newID()); return err },
		"TouchSessions": func(ctx context.Context) error {
			return s.TouchSessions(ctx, []store.Use{{Key: newKey(), Seen: w.clock.Now()}})
		},
		"ProveSession": func(ctx context.Context) error {
			return s.ProveSession(ctx, newKey(), newKey(), store.Proof{Method: "x", At: w.clock.Now()})
		},
		"PeekSession":     func(ctx context.Context) error { _, err := s.PeekSession(ctx, newKey()); return err },
		"OfferSecret":     func(ctx context.Context) error { return s.OfferSecret(ctx, u.ID, newKey(), newKey()) },
		"EndSession":      func(ctx context.Context) error { return s.EndSession(ctx, u.ID, newID()) },
		"EndSessionsOf":   func(ctx context.Context) error { _, err := s.EndSessionsOf(ctx, u.ID, ""); return err },
		"SessionsOf":      func(ctx context.Context) error { _, err := s.SessionsOf(ctx, u.ID); return err },
		"RefreshIdentity": func(ctx context.Context) error { return s.RefreshIdentity(ctx, u.Identity()) },
		"PutTicket": func(ctx context.Context) error {
			return s.PutTicket(ctx, "x", newKey(), nil, w.clock.Now().Add(time.Minute))
		},
		"TakeTicket": func(ctx context.Context) error { _, err := s.TakeTicket(ctx, "x", newKey()); return err },
		"Count":      func(ctx context.Context) error { _, _, err := s.Count(ctx, "x", 1, time.Minute); return err },
		"Release":    func(ctx context.Context) error { return s.Release(ctx, "x") },
		"Ping":       func(ctx context.Context) error { return s.Ping(ctx) },
	}
}

func useAfterClose(w *world) {
	other := w.open()
	calls := w.calls(other)
	f := w.follow(other)
	w.must(other.Close())
	for name, call := range calls {
		w.wantErr(call(w.ctx()), store.ErrClosed, name)
	}
	_ = other.Close()
	other.Subscribe(func(string) {}, func(bool) {})()
	n := len(f.all())
	u := w.user("ann")
	l := w.signIn(u)
	w.must(w.s.EndSession(w.ctx(), u.ID, l.Session.ID))
	if lines := f.all()[n:]; slices.Contains(lines, "changed "+u.ID) {
		w.Fatalf("a closed feed told %q", lines)
	}
}

func cancelled(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	ctx, cancel := context.WithCancel(w.ctx())
	cancel()
	for name, call := range w.calls(w.s) {
		// Touches may be gathered and written later, so a touch may succeed.
		if err := call(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, store.ErrUnavailable) && name != "TouchSessions" {
			w.Fatalf("%s with a cancelled context: %v", name, err)
		}
	}
	err := w.s.EndSession(ctx, u.ID, l.Session.ID)
	if err == nil || errors.Is(err, store.ErrNotFound) {
		w.Fatalf("ending with a cancelled context: %v", err)
	}
	w.alive(w.s, l.Session.Key, "a sign-in whose end was cancelled")
	if !w.count("x", 1) {
		w.Fatal("a cancelled guess was counted")
	}
}
