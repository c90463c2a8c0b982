package storetest

import (
	"errors"
	"reflect"
	"sync"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// sameSession fails unless got is want, zones of times apart.
func (w *world) sameSession(got, want store.Session) {
	w.Helper()
	switch {
	case got.Key != want.Key, got.ID != want.ID, got.Parent != want.Parent, got.UserID != want.UserID, got.Host != want.Host,
		got.Idle != want.Idle, got.Address != want.Address, got.Device != want.Device, got.Remembered != want.Remembered,
		!got.Created.Equal(want.Created), !got.LastSeen.Equal(want.LastSeen), !got.Expires.Equal(want.Expires),
		!sameProofs(got.Proofs, want.Proofs):
		w.Fatalf("got session\n%+v, want\n%+v", got, want)
	}
}

func (w *world) sameIdentity(got, want store.Identity) {
	w.Helper()
	if len(got.Attributes) == 0 && len(want.Attributes) == 0 {
		got.Attributes, want.Attributes = nil, nil
	}
	if len(got.Roles) == 0 && len(want.Roles) == 0 {
		got.Roles, want.Roles = nil, nil
	}
	if !reflect.DeepEqual(got, want) {
		w.Fatalf("got identity\n%+v, want\n%+v", got, want)
	}
}

func readBack(w *world) {
	full := w.user("ann")
	bare := store.User{ID: newID(), Username: "bob", Email: "bob@example.com", Enabled: true, Approved: true,
		Created: w.clock.Now(), Attributes: map[string]any{}, Version: 1}
	w.put(bare)
	for _, u := range []store.User{full, bare} {
		l := w.newSignIn(u)
		l.Session.Address, l.Session.Device = "2001:db8::7", "Ünïcode/1.0 curl"
		l.Session.Proofs = append(l.Session.Proofs, store.Proof{Method: "somebody's own", At: w.clock.Now().Add(time.Millisecond)})
		if u.Username == "bob" {
			l.Session.Address, l.Session.Device, l.Session.Host = "", "", ""
			l.Session.Remembered, l.Session.Idle = true, 0
		}
		want := l
		w.must(w.s.CreateSession(w.ctx(), &l))
		w.sameSession(l.Session, want.Session)
		got := w.alive(w.s, l.Session.Key, "the sign-in")
		w.sameSession(got.Session, want.Session)
		w.sameIdentity(got.Identity, u.Identity())
	}
}

func unknownKey(w *world) {
	w.gone(w.s, newKey(), "a session that never was")
	_, err := w.s.SessionByID(w.ctx(), newID(), newID())
	w.wantErr(err, store.ErrNotFound, "an unknown id")
	w.wantErr(w.s.EndSession(w.ctx(), newID(), newID()), store.ErrNotFound, "ending an unknown id")
	w.wantErr(w.s.ProveSession(w.ctx(), newKey(), newKey(), store.Proof{Method: "x", At: w.clock.Now()}), store.ErrNotFound,
		"proving on an unknown session")
	n, err := w.s.EndSessionsOf(w.ctx(), newID(), "")
	if n != 0 || err != nil {
		w.Fatalf("ending nobody's sessions: %d, %v", n, err)
	}
	list, err := w.s.SessionsOf(w.ctx(), newID())
	if len(list) != 0 || err != nil {
		w.Fatalf("listing nobody's sessions: %v, %v", list, err)
	}
}

func returnedCopies(w *world) {
	u := w.user("ann")
	stored := w.newSignIn(u)
	given := stored
	given.Session.Proofs = append([]store.Proof(nil), stored.Session.Proofs...)
	given.Identity.Roles = append([]string(nil), u.Roles...)
	w.must(w.s.CreateSession(w.ctx(), &given))
	given.Session.Proofs[0].Method, given.Identity.Roles[0] = "spoilt", "spoilt"

	first := w.alive(w.s, stored.Session.Key, "the sign-in")
	first.Session.Proofs[0].Method, first.Identity.Roles[0] = "spoilt", "spoilt"
	first.Identity.Attributes["company"] = "spoilt"
	first.Identity.Attributes["teams"].([]any)[0] = "spoilt"

	second := w.alive(w.s, stored.Session.Key, "the sign-in")
	w.sameSession(second.Session, stored.Session)
	other := w.user("other")
	fresh := other.Identity()
	if second.Identity.Roles[0] != fresh.Roles[0] || !reflect.DeepEqual(second.Identity.Attributes, fresh.Attributes) {
		w.Fatalf("a returned identity is shared with its store: %+v", second.Identity)
	}
}

func absoluteDeadline(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	for range 12 * 3 {
		w.alive(w.s, l.Session.Key, "a session in constant use")
		w.must(w.s.TouchSessions(w.ctx(), []store.Use{{Key: l.Session.Key, Seen: w.clock.Now()}}))
		w.clock.Advance(20*time.Minute - time.Millisecond)
	}
	w.alive(w.s, l.Session.Key, "a session just before its deadline")
	w.clock.Advance(36 * time.Millisecond)
	w.gone(w.s, l.Session.Key, "a session at its deadline")
	w.endedEverywhere(l)
}

// endedEverywhere fails where some call still knows the sign-in.
func (w *world) endedEverywhere(l store.ActiveSession) {
	w.Helper()
	w.gone(w.s, l.Session.Key, "the sign-in")
	_, err := w.s.SessionByID(w.ctx(), l.Session.UserID, l.Session.ID)
	w.wantErr(err, store.ErrNotFound, "the sign-in by its id")
	list, err := w.s.SessionsOf(w.ctx(), l.Session.UserID)
	w.must(err)
	for _, s := range list {
		if s.ID == l.Session.ID {
			w.Fatalf("an ended sign-in is listed")
		}
	}
	c := w.newChild(l, "app.example.com")
	w.wantErr(w.s.CreateSession(w.ctx(), &c), store.ErrNotFound, "a child of an ended sign-in")
	w.gone(w.s, c.Session.Key, "the child of an ended sign-in")
	err = w.s.ProveSession(w.ctx(), l.Session.Key, newKey(), store.Proof{Method: "totp", At: w.clock.Now()})
	w.wantErr(err, store.ErrNotFound, "a proof on an ended sign-in")
	w.wantErr(w.s.EndSession(w.ctx(), l.Session.UserID, l.Session.ID), store.ErrNotFound, "ending what has ended")
}

func idleDeadline(w *world) {
	l := w.signIn(w.user("ann"))
	w.clock.Advance(30*time.Minute - time.Millisecond)
	w.alive(w.s, l.Session.Key, "a session just before it idles out")
	w.must(w.s.TouchSessions(w.ctx(), []store.Use{{Key: l.Session.Key, Seen: w.clock.Now()}}))
	w.clock.Advance(30*time.Minute - time.Millisecond)
	w.alive(w.s, l.Session.Key, "a session that was used")
	w.clock.Advance(time.Millisecond)
	w.endedEverywhere(l)
}

func remembered(w *world) {
	l := w.newSignIn(w.user("ann"))
	l.Session.Remembered, l.Session.Idle, l.Session.Expires = true, 0, w.clock.Now().Add(30*24*time.Hour)
	w.must(w.s.CreateSession(w.ctx(), &l))
	w.clock.Advance(30*24*time.Hour - time.Second)
	got := w.alive(w.s, l.Session.Key, "a remembered session")
	if !got.Session.Remembered || got.Session.Idle != 0 {
		w.Fatalf("remembered session came back as %+v", got.Session)
	}
	w.clock.Advance(time.Second)
	w.endedEverywhere(l)
}

func lastSeenForward(w *world) {
	l := w.signIn(w.user("ann"))
	start := w.clock.Now()
	w.clock.Advance(10 * time.Minute)
	seen := func(want time.Time) {
		w.Helper()
		got, err := w.s.SessionByID(w.ctx(), l.Session.UserID, l.Session.ID)
		w.must(err)
		if !got.Session.LastSeen.Equal(want) {
			w.Fatalf("last seen %v, want %v", got.Session.LastSeen, want)
		}
	}
	seen(start)
	w.must(w.s.TouchSessions(w.ctx(), []store.Use{{Key: l.Session.Key, Seen: start.Add(8 * time.Minute)}}))
	seen(start.Add(8 * time.Minute))
	w.must(w.s.TouchSessions(w.ctx(), []store.Use{
		{Key: l.Session.Key, Seen: start.Add(5 * time.Minute)}, {Key: l.Session.Key, Seen: start.Add(9 * time.Minute)},
		{Key: l.Session.Key, Seen: start.Add(7 * time.Minute)}}))
	seen(start.Add(9 * time.Minute))
	race(func(i int) bool {
		return w.s.TouchSessions(w.ctx(), []store.Use{{Key: l.Session.Key, Seen: start.Add(time.Duration(i) * 10 * time.Second)}}) == nil
	})
	seen(start.Add(9 * time.Minute))
}

func touchExpired(w *world) {
	l := w.signIn(w.user("ann"))
	c := w.child(l, "app.example.com")
	w.clock.Advance(30 * time.Minute)
	w.must(w.s.TouchSessions(w.ctx(), []store.Use{{Key: l.Session.Key, Seen: w.clock.Now()}, {Key: c.Session.Key, Seen: w.clock.Now()}}))
	w.gone(w.s, c.Session.Key, "a child of an idle sign-in")
	w.endedEverywhere(l)
}

func touchAfterEnd(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	c := w.child(l, "app.example.com")
	w.must(w.s.EndSession(w.ctx(), u.ID, l.Session.ID))
	w.must(w.s.TouchSessions(w.ctx(), []store.Use{{Key: l.Session.Key, Seen: w.clock.Now()}, {Key: c.Session.Key, Seen: w.clock.Now()}}))
	w.gone(w.s, c.Session.Key, "a child of an ended sign-in")
	w.endedEverywhere(l)
}

func touchUnknown(w *world) {
	l := w.signIn(w.user("ann"))
	w.clock.Advance(20 * time.Minute)
	w.must(w.s.TouchSessions(w.ctx(), nil))
	w.must(w.s.TouchSessions(w.ctx(), []store.Use{{Key: newKey(), Seen: w.clock.Now()}, {Key: l.Session.Key, Seen: w.clock.Now()}}))
	w.clock.Advance(20 * time.Minute)
	w.alive(w.s, l.Session.Key, "a session touched beside an unknown one")
}

func endWhileTouching(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	c := w.child(l, "app.example.com")
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for i := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				seen := l.Session.LastSeen.Add(time.Duration(n*4+i) * time.Millisecond)
				err := w.s.TouchSessions(w.ctx(), []store.Use{{Key: l.Session.Key, Seen: seen}, {Key: c.Session.Key, Seen: seen}})
				if err != nil && !errors.Is(err, store.ErrNotFound) {
					w.Errorf("touching: %v", err)
					return
				}
			}
		}()
	}
	err := w.s.EndSession(w.ctx(), u.ID, l.Session.ID)
	w.gone(w.s, l.Session.Key, "a sign-in that ended while it was used")
	w.gone(w.s, c.Session.Key, "a child that ended while it was used")
	close(stop)
	wg.Wait()
	w.must(err)
	w.gone(w.s, c.Session.Key, "a child that ended while it was used")
	w.endedEverywhere(l)
}
