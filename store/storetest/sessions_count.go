package storetest

import (
	"errors"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// countLiving is skipped by stores that cannot count, and by what wraps one of those.
func countLiving(w *world) {
	counter, ok := w.s.(store.SessionCounter)
	if !ok {
		return
	}
	count := func(want int, after string) {
		w.Helper()
		if got, err := counter.CountSessions(w.ctx()); err != nil || got != want {
			w.Fatalf("after %s: %d sessions, %v, want %d", after, got, err, want)
		}
	}
	if _, err := counter.CountSessions(w.ctx()); errors.Is(err, errors.ErrUnsupported) {
		return
	}
	count(0, "nothing")
	ann, ben := w.user("ann"), w.user("ben")
	first, second := w.signIn(ann), w.signIn(ben)
	w.child(first, "app.example.com")
	count(2, "two sign-ins and a child")
	w.must(w.s.EndSession(w.ctx(), ann.ID, first.Session.ID))
	count(1, "an end")
	kept := w.newSignIn(ann)
	kept.Session.Idle, kept.Session.Remembered = 0, true
	w.must(w.s.CreateSession(w.ctx(), &kept))
	w.must(w.s.ProveSession(w.ctx(), kept.Session.Key, newKey(), store.Proof{Method: "totp", At: w.clock.Now()}))
	count(2, "a change of the key")
	w.clock.Advance(second.Session.Idle)
	count(1, "disuse")
	w.clock.Advance(12 * time.Hour)
	count(0, "the absolute deadline")
}
