package storetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

func childCopies(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	w.clock.Advance(10 * time.Minute)
	c := w.newChild(l, "app.example.com")
	// What a caller claims for a child does not count: limits, proofs and rights are the sign-in's.
	c.Session.Idle, c.Session.Expires, c.Session.Remembered = time.Hour*99, w.clock.Now().Add(time.Hour*999), true
	c.Session.Proofs = []store.Proof{{Method: "claimed", At: w.clock.Now()}}
	c.Identity = store.Identity{UserID: u.ID, Version: 99, Username: "claimed", Active: true}
	want := l.Session
	want.Key, want.ID, want.Parent, want.Host = c.Session.Key, c.Session.ID, l.Session.ID, "app.example.com"
	want.Created = c.Session.Created
	w.must(w.s.CreateSession(w.ctx(), &c))
	for _, got := range []store.ActiveSession{c, w.alive(w.s, c.Session.Key, "the child")} {
		// When a new child counts as use of the family is left to the driver; going back is not.
		if got.Session.LastSeen.Before(l.Session.LastSeen) || got.Session.LastSeen.After(w.clock.Now()) {
			w.Fatalf("child last seen %v", got.Session.LastSeen)
		}
		want.LastSeen = got.Session.LastSeen
		w.sameSession(got.Session, want)
		w.sameIdentity(got.Identity, u.Identity())
	}
}

func childrenSlide(w *world) {
	l := w.signIn(w.user("ann"))
	a, b := w.child(l, "a.example.com"), w.child(l, "b.example.com")
	for range 4 {
		w.clock.Advance(20 * time.Minute)
		w.must(w.s.TouchSessions(w.ctx(), []store.Use{{Key: a.Session.Key, Seen: w.clock.Now()}}))
	}
	w.clock.Advance(30*time.Minute - time.Millisecond)
	w.alive(w.s, b.Session.Key, "a child whose sibling is used")
	w.alive(w.s, l.Session.Key, "a sign-in whose child is used")
	if _, err := w.s.SessionByID(w.ctx(), l.Session.UserID, l.Session.ID); err != nil {
		w.Fatalf("a sign-in whose child is used: %v", err)
	}
	w.clock.Advance(time.Millisecond)
	w.gone(w.s, a.Session.Key, "an idle child")
	w.gone(w.s, b.Session.Key, "an idle child")
	w.endedEverywhere(l)
}

func childOfEnded(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	w.must(w.s.EndSession(w.ctx(), u.ID, l.Session.ID))
	w.endedEverywhere(l)
}

func childOfStranger(w *world) {
	l := w.signIn(w.user("ann"))
	mallory := w.user("mallory")
	c := w.newChild(l, "app.example.com")
	c.Session.UserID = mallory.ID
	c.Identity = mallory.Identity()
	w.wantErr(w.s.CreateSession(w.ctx(), &c), store.ErrNotFound, "a child of another user's sign-in")
	w.gone(w.s, c.Session.Key, "a child of another user's sign-in")
}

func childRacingEnd(w *world) {
	for range 5 {
		u := w.user(newID()[:8])
		l := w.signIn(u)
		children := make([]store.ActiveSession, racers)
		race(func(i int) bool {
			if i == racers/2 {
				if err := w.s.EndSession(w.ctx(), u.ID, l.Session.ID); err != nil {
					w.Errorf("ending: %v", err)
				}
				return true
			}
			children[i] = w.newChild(l, fmt.Sprintf("host%d.example.com", i))
			err := w.s.CreateSession(w.ctx(), &children[i])
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				w.Errorf("creating a child: %v", err)
			}
			return err == nil
		})
		for i, c := range children {
			if i != racers/2 {
				w.gone(w.s, c.Session.Key, "a child created while its sign-in ended")
			}
		}
		w.endedEverywhere(l)
	}
}

func endCascades(w *world) {
	u := w.user("ann")
	l, other := w.signIn(u), w.signIn(u)
	children := []store.ActiveSession{w.child(l, "a.example.com"), w.child(l, "b.example.com"), w.child(l, "c.example.org")}
	beside := w.child(other, "a.example.com")
	w.must(w.s.EndSession(w.ctx(), u.ID, l.Session.ID))
	for _, c := range children {
		w.gone(w.s, c.Session.Key, "a child of an ended sign-in")
	}
	w.endedEverywhere(l)
	w.alive(w.s, other.Session.Key, "another sign-in of the same user")
	w.alive(w.s, beside.Session.Key, "a child of another sign-in")
}

func endOwner(w *world) {
	u, mallory := w.user("ann"), w.user("mallory")
	l := w.signIn(u)
	w.wantErr(w.s.EndSession(w.ctx(), mallory.ID, l.Session.ID), store.ErrNotFound, "ending a stranger's sign-in")
	w.wantErr(w.s.EndSession(w.ctx(), "", l.Session.ID), store.ErrNotFound, "ending a sign-in of no user")
	w.alive(w.s, l.Session.Key, "a sign-in that a stranger tried to end")
	w.must(w.s.EndSession(w.ctx(), u.ID, l.Session.ID))
	w.wantErr(w.s.EndSession(w.ctx(), u.ID, l.Session.ID), store.ErrNotFound, "ending twice")
}

func endChildID(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	c := w.child(l, "app.example.com")
	w.wantErr(w.s.EndSession(w.ctx(), u.ID, c.Session.ID), store.ErrNotFound, "ending a child by its id")
	_, err := w.s.SessionByID(w.ctx(), u.ID, c.Session.ID)
	w.wantErr(err, store.ErrNotFound, "a child by its id")
	w.alive(w.s, c.Session.Key, "the child")
}

func endRace(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	c := w.child(l, "app.example.com")
	won := race(func(int) bool {
		err := w.s.EndSession(w.ctx(), u.ID, l.Session.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			w.Errorf("ending: %v", err)
		}
		return err == nil
	})
	if won != 1 {
		w.Fatalf("%d of the racers ended the sign-in, want 1", won)
	}
	w.gone(w.s, c.Session.Key, "the child")
	w.endedEverywhere(l)
}

func endAllExcept(w *world) {
	u, other := w.user("ann"), w.user("ben")
	keep, a, b, stranger := w.signIn(u), w.signIn(u), w.signIn(u), w.signIn(other)
	kept, lost := w.child(keep, "app.example.com"), w.child(a, "app.example.com")
	n, err := w.s.EndSessionsOf(w.ctx(), u.ID, keep.Session.ID)
	if n != 2 || err != nil {
		w.Fatalf("ended %d, %v, want 2", n, err)
	}
	w.gone(w.s, lost.Session.Key, "a child of an ended sign-in")
	w.endedEverywhere(a)
	w.endedEverywhere(b)
	w.alive(w.s, keep.Session.Key, "the excepted sign-in")
	w.alive(w.s, kept.Session.Key, "a child of the excepted sign-in")
	n, err = w.s.EndSessionsOf(w.ctx(), u.ID, "")
	if n != 1 || err != nil {
		w.Fatalf("ended %d, %v, want 1", n, err)
	}
	w.gone(w.s, kept.Session.Key, "a child of an ended sign-in")
	w.endedEverywhere(keep)
	w.alive(w.s, stranger.Session.Key, "another user's sign-in")
}

func listing(w *world) {
	u := w.user("ann")
	var want []string
	for i := range 5 {
		l := w.signIn(u)
		if i == 2 {
			w.child(l, "app.example.com")
		}
		want = append([]string{l.Session.ID}, want...)
		w.clock.Advance(time.Second)
	}
	w.signIn(w.user("ben"))
	ids := func() (ids []string) {
		list, err := w.s.SessionsOf(w.ctx(), u.ID)
		w.must(err)
		for _, s := range list {
			ids = append(ids, s.ID)
		}
		return ids
	}
	if got := ids(); !slices.Equal(got, want) {
		w.Fatalf("listed %v, want %v", got, want)
	}
	w.must(w.s.EndSession(w.ctx(), u.ID, want[1]))
	want = slices.Delete(want, 1, 2)
	if got := ids(); !slices.Equal(got, want) {
		w.Fatalf("listed %v after one ended, want %v", got, want)
	}
	w.clock.Advance(31 * time.Minute)
	if got := ids(); len(got) != 0 {
		w.Fatalf("listed %v after all idled out", got)
	}
}

func byID(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	got, err := w.s.SessionByID(w.ctx(), u.ID, l.Session.ID)
	w.must(err)
	w.sameSession(got.Session, l.Session)
	w.sameIdentity(got.Identity, u.Identity())
	_, err = w.s.SessionByID(w.ctx(), w.user("mallory").ID, l.Session.ID)
	w.wantErr(err, store.ErrNotFound, "a stranger's sign-in")
}
