package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

func proveParent(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	c := w.child(l, "app.example.com")
	w.clock.Advance(time.Minute)
	next := newKey()
	w.must(w.s.ProveSession(w.ctx(), l.Session.Key, next, store.Proof{Method: "totp", At: w.clock.Now()}))
	w.gone(w.s, l.Session.Key, "the key before the proof")
	want := l.Session
	want.Key, want.Proofs = next, append(slices.Clone(want.Proofs), store.Proof{Method: "totp", At: w.clock.Now()})
	got := w.alive(w.s, next, "the key after the proof")
	want.LastSeen = got.Session.LastSeen
	w.sameSession(got.Session, want)
	w.sameIdentity(got.Identity, u.Identity())
	if got := w.alive(w.s, c.Session.Key, "a child"); !sameProofs(got.Session.Proofs, want.Proofs) {
		w.Fatalf("a child's proofs are %v", got.Session.Proofs)
	}
	later := w.child(l, "later.example.com")
	if !sameProofs(later.Session.Proofs, want.Proofs) {
		w.Fatalf("a later child's proofs are %v", later.Session.Proofs)
	}
	byID, err := w.s.SessionByID(w.ctx(), u.ID, l.Session.ID)
	w.must(err)
	if byID.Session.Key != next || !sameProofs(byID.Session.Proofs, want.Proofs) {
		w.Fatalf("by its id the sign-in is %+v", byID.Session)
	}
	w.clock.Advance(20 * time.Minute)
	w.must(w.s.TouchSessions(w.ctx(), []store.Use{{Key: next, Seen: w.clock.Now()}}))
	w.clock.Advance(20 * time.Minute)
	w.alive(w.s, c.Session.Key, "a child after its sign-in was used under its new key")
}

func proveChild(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	c, sibling := w.child(l, "a.example.com"), w.child(l, "b.example.com")
	next := newKey()
	w.must(w.s.ProveSession(w.ctx(), c.Session.Key, next, store.Proof{Method: "passkey", At: w.clock.Now()}))
	w.gone(w.s, c.Session.Key, "the key before the proof")
	for what, key := range map[string]store.Key{"the child": next, "its sibling": sibling.Session.Key, "its sign-in": l.Session.Key} {
		if got := w.alive(w.s, key, what); methods(got.Session.Proofs) != "password passkey" {
			w.Fatalf("%s has the proofs %v", what, got.Session.Proofs)
		}
	}
	if got := w.alive(w.s, next, "the child"); got.Session.ID != c.Session.ID || got.Session.Host != "a.example.com" ||
		got.Session.Parent != l.Session.ID {
		w.Fatalf("the child became %+v", got.Session)
	}
	w.must(w.s.EndSession(w.ctx(), u.ID, l.Session.ID))
	w.gone(w.s, next, "a child with a new key after its sign-in ended")
	w.gone(w.s, sibling.Session.Key, "a child after its sign-in ended")
}

func proveRace(w *world) {
	l := w.signIn(w.user("ann"))
	c := w.child(l, "app.example.com")
	w.proveRacing(l.Session.Key, c.Session.Key)
}

func proveChildRace(w *world) {
	l := w.signIn(w.user("ann"))
	c := w.child(l, "app.example.com")
	w.proveRacing(c.Session.Key, l.Session.Key)
}

// proveRacing proves on old from all sides; beside is another member of the family.
func (w *world) proveRacing(old, beside store.Key) {
	w.Helper()
	keys := make([]store.Key, racers)
	winner := atomic.Int64{}
	won := race(func(i int) bool {
		keys[i] = newKey()
		err := w.s.ProveSession(w.ctx(), old, keys[i], store.Proof{Method: fmt.Sprintf("m%d", i), At: w.clock.Now()})
		if err == nil {
			winner.Store(int64(i))
		} else if !errors.Is(err, store.ErrNotFound) {
			w.Errorf("proving: %v", err)
		}
		return err == nil
	})
	if won != 1 {
		w.Fatalf("%d of the racers proved, want 1", won)
	}
	w.gone(w.s, old, "the key before the proof")
	want := fmt.Sprintf("password m%d", winner.Load())
	for i, key := range keys {
		if int64(i) != winner.Load() {
			w.gone(w.s, key, "a loser's key")
		} else if got := w.alive(w.s, key, "the winner's key"); methods(got.Session.Proofs) != want {
			w.Fatalf("proofs are %q, want %q", methods(got.Session.Proofs), want)
		}
	}
	if got := w.alive(w.s, beside, "another of the family"); methods(got.Session.Proofs) != want {
		w.Fatalf("another of the family has the proofs %q, want %q", methods(got.Session.Proofs), want)
	}
}

func proveWhileChildren(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	children := make([]store.ActiveSession, racers)
	next := newKey()
	race(func(i int) bool {
		var err error
		if i == racers/2 {
			err = w.s.ProveSession(w.ctx(), l.Session.Key, next, store.Proof{Method: "totp", At: w.clock.Now()})
		} else {
			children[i] = w.newChild(l, fmt.Sprintf("host%d.example.com", i))
			err = w.s.CreateSession(w.ctx(), &children[i])
		}
		if err != nil {
			w.Errorf("racer %d: %v", i, err)
		}
		return err == nil
	})
	for i, c := range children {
		if i == racers/2 {
			continue
		}
		if got := w.alive(w.s, c.Session.Key, "a child"); methods(got.Session.Proofs) != "password totp" {
			w.Fatalf("a child has the proofs %q", methods(got.Session.Proofs))
		}
	}
	w.must(w.s.EndSession(w.ctx(), u.ID, l.Session.ID))
	for i, c := range children {
		if i != racers/2 {
			w.gone(w.s, c.Session.Key, "a child of an ended sign-in")
		}
	}
	w.gone(w.s, next, "an ended sign-in")
}

func proveEnded(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	c := w.child(l, "app.example.com")
	w.must(w.s.EndSession(w.ctx(), u.ID, l.Session.ID))
	for _, old := range []store.Key{l.Session.Key, c.Session.Key} {
		next := newKey()
		err := w.s.ProveSession(w.ctx(), old, next, store.Proof{Method: "totp", At: w.clock.Now()})
		w.wantErr(err, store.ErrNotFound, "a proof on an ended session")
		w.gone(w.s, next, "a key proved on an ended session")
	}
}

func endAfterProve(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	c := w.child(l, "app.example.com")
	keys := []store.Key{newKey(), newKey(), newKey()}
	w.must(w.s.ProveSession(w.ctx(), l.Session.Key, keys[0], store.Proof{Method: "totp", At: w.clock.Now()}))
	w.must(w.s.ProveSession(w.ctx(), keys[0], keys[1], store.Proof{Method: "password", At: w.clock.Now()}))
	w.must(w.s.ProveSession(w.ctx(), c.Session.Key, keys[2], store.Proof{Method: "passkey", At: w.clock.Now()}))
	if got := w.alive(w.s, keys[1], "the sign-in"); methods(got.Session.Proofs) != "password totp password passkey" {
		w.Fatalf("proofs are %q", methods(got.Session.Proofs))
	}
	w.must(w.s.EndSession(w.ctx(), u.ID, l.Session.ID))
	for _, key := range append(keys, l.Session.Key, c.Session.Key) {
		w.gone(w.s, key, "a key of an ended family")
	}
	w.endedEverywhere(l)
}
