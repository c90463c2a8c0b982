package storetest

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// remember stores a remembered sign-in of u, good for 30 days.
func (w *world) remember(u store.User) store.ActiveSession {
	w.Helper()
	l := w.newSignIn(u)
	l.Session.Idle, l.Session.Expires, l.Session.Remembered = 0, w.clock.Now().Add(30*24*time.Hour), true
	w.must(w.s.CreateSession(w.ctx(), &l))
	return l
}

// offer gives a session its next secret.
func (w *world) offer(l store.ActiveSession) store.Key {
	w.Helper()
	next := newKey()
	w.must(w.s.OfferSecret(w.ctx(), l.Session.UserID, l.Session.Key, next))
	return next
}

// family runs a test on a sign-in and on a child of one: each browser cookie changes by itself.
func (w *world) family(test func(l, other store.ActiveSession)) {
	w.Helper()
	for _, child := range []bool{false, true} {
		parent := w.remember(w.user(newID()[:8]))
		c := w.child(parent, "app.example.com")
		if child {
			test(c, parent)
		} else {
			test(parent, c)
		}
	}
}

func offeredTakesOver(w *world) {
	w.family(func(l, other store.ActiveSession) {
		if got := w.alive(w.s, l.Session.Key, "the session"); !got.Session.SecretSince.IsZero() || !got.Session.Offered.IsZero() {
			w.Fatalf("a secret that never changed: %+v", got.Session)
		}
		w.clock.Advance(13 * time.Hour)
		next := w.offer(l)
		if got := w.alive(w.s, l.Session.Key, "the secret before"); !got.Session.Offered.Equal(w.clock.Now()) || !got.Session.Until.IsZero() {
			w.Fatalf("after the offer: %+v", got.Session)
		}
		w.clock.Advance(time.Hour)
		w.alive(w.s, l.Session.Key, "the secret before, long after the offer")
		used := w.clock.Now()
		got := w.alive(w.s, next, "the new secret")
		if !got.Session.SecretSince.Equal(used) || !got.Session.Offered.IsZero() || !got.Session.Until.IsZero() ||
			got.Session.Key != l.Session.Key || got.Session.ID != l.Session.ID || got.Session.Host != l.Session.Host {
			w.Fatalf("by its new secret: %+v", got.Session)
		}
		w.sameIdentity(got.Identity, l.Identity)
		w.clock.Advance(store.ReplayGrace - time.Second)
		if got := w.alive(w.s, l.Session.Key, "the old secret, in flight"); !got.Session.Until.Equal(used.Add(store.ReplayGrace)) {
			w.Fatalf("by its old secret: %+v", got.Session)
		}
		w.clock.Advance(24 * time.Hour)
		third := w.offer(l)
		w.alive(w.s, next, "the second secret")
		w.alive(w.s, third, "the third secret")
		w.alive(w.s, other.Session.Key, "the other of the family")
		w.must(w.s.EndSession(w.ctx(), l.Session.UserID, l.Session.RootID()))
		for _, key := range []store.Key{l.Session.Key, next, third, other.Session.Key} {
			w.gone(w.s, key, "a secret of an ended family")
		}
	})
	l := w.remember(w.user("stranger"))
	w.wantErr(w.s.OfferSecret(w.ctx(), newID(), l.Session.Key, newKey()), store.ErrNotFound, "an offer for another user's session")
	w.wantErr(w.s.OfferSecret(w.ctx(), l.Session.UserID, newKey(), newKey()), store.ErrNotFound, "an offer for no session")
}

func oldSecretReplayed(w *world) {
	w.family(func(l, other store.ActiveSession) {
		next := w.offer(l)
		w.alive(w.s, next, "the new secret")
		w.clock.Advance(store.ReplayGrace)
		f := w.follow(w.s)
		told := atomic.Pointer[store.ReplayedError]{}
		won := race(func(int) bool {
			_, err := w.read(w.s, l.Session.Key)
			if !errors.Is(err, store.ErrNotFound) {
				w.Errorf("a copy was shown: %v", err)
			}
			replayed, ok := errors.AsType[*store.ReplayedError](err)
			if ok {
				told.Store(replayed)
			}
			return ok && errors.Is(err, store.ErrReplayed)
		})
		if won != 1 {
			w.Fatalf("%d were told of the copy, want 1", won)
		}
		if got := told.Load().Session; got.Session.RootID() != l.Session.RootID() || got.Identity.Username != l.Identity.Username {
			w.Fatalf("told of %+v", got)
		}
		for _, key := range []store.Key{l.Session.Key, next, other.Session.Key} {
			w.gone(w.s, key, "a secret of a family whose secret was copied")
		}
		w.eventually("the feed tells of the end", func() bool { return slices.Contains(f.all(), "changed "+l.Session.UserID) })
	})
}

func offerRace(w *world) {
	w.family(func(l, _ store.ActiveSession) {
		keys := make([]store.Key, racers)
		winner := atomic.Int64{}
		won := race(func(i int) bool {
			keys[i] = newKey()
			err := w.s.OfferSecret(w.ctx(), l.Session.UserID, l.Session.Key, keys[i])
			if err == nil {
				winner.Store(int64(i))
			} else if !errors.Is(err, store.ErrStale) {
				w.Errorf("offering: %v", err)
			}
			return err == nil
		})
		if won != 1 {
			w.Fatalf("%d of the racers offered, want 1", won)
		}
		for i, key := range keys {
			if int64(i) != winner.Load() {
				w.gone(w.s, key, "a loser's secret")
			}
		}
		w.alive(w.s, keys[winner.Load()], "the winner's secret")
	})
}

func showRace(w *world) {
	w.family(func(l, _ store.ActiveSession) {
		next := w.offer(l)
		second := w.open()
		race(func(i int) bool {
			s, key := w.s, next
			if i%2 == 1 {
				s = second
			}
			if i%4 > 1 {
				key = l.Session.Key
			}
			w.alive(s, key, "a secret while the new one takes over")
			return true
		})
		if got := w.alive(w.s, next, "the new secret"); !got.Session.SecretSince.Equal(w.clock.Now()) || !got.Session.Until.IsZero() {
			w.Fatalf("after the race: %+v", got.Session)
		}
		w.wantErr(w.s.OfferSecret(w.ctx(), l.Session.UserID, l.Session.Key, newKey()), store.ErrStale, "an offer to who is in flight")
	})
}

func offersLost(w *world) {
	w.family(func(l, _ store.ActiveSession) {
		lost := w.offer(l)
		w.clock.Advance(store.OfferAgain - time.Second)
		w.wantErr(w.s.OfferSecret(w.ctx(), l.Session.UserID, l.Session.Key, newKey()), store.ErrStale, "an offer soon after another")
		w.clock.Advance(time.Second)
		next := w.offer(l)
		w.alive(w.s, l.Session.Key, "the secret before")
		w.alive(w.s, lost, "the secret offered first")
		if got := w.alive(w.s, next, "the secret offered second"); got.Session.Until.IsZero() {
			w.Fatalf("two secrets are present: %+v", got.Session)
		}
		w.clock.Advance(store.ReplayGrace)
		if _, err := w.read(w.s, next); !errors.Is(err, store.ErrReplayed) {
			w.Fatalf("a secret that another was chosen over: %v", err)
		}
		w.gone(w.s, lost, "the chosen secret")
	})
	l := w.remember(w.user("deaf"))
	for range store.MaxSecrets + 8 { // who never takes a cookie
		w.clock.Advance(store.OfferAgain)
		w.offer(l)
	}
	w.alive(w.s, l.Session.Key, "a secret whose browser takes no other")
}

func peeking(w *world) {
	w.family(func(l, _ store.ActiveSession) {
		next := w.offer(l)
		peek := func(key store.Key) store.Session {
			got, err := w.s.PeekSession(w.ctx(), key)
			w.must(err)
			return got.Session
		}
		if got := peek(next); got.ID != l.Session.ID || !got.SecretSince.IsZero() {
			w.Fatalf("by an offered secret: %+v", got)
		}
		w.clock.Advance(time.Hour)
		w.alive(w.s, l.Session.Key, "the secret before")
		w.alive(w.s, next, "the new secret")
		w.clock.Advance(time.Hour)
		if got := peek(l.Session.Key); got.ID != l.Session.ID || !got.Until.IsZero() {
			w.Fatalf("by an old secret: %+v", got)
		}
		w.alive(w.s, next, "the new secret after its old one was looked at")
	})
	_, err := w.s.PeekSession(w.ctx(), newKey())
	w.wantErr(err, store.ErrNotFound, "looking again at nothing")
}

func proveVoidsSecrets(w *world) {
	w.family(func(l, other store.ActiveSession) {
		shown := w.offer(l)
		w.alive(w.s, shown, "the new secret")
		w.clock.Advance(time.Hour)
		offered, proved := w.offer(l), newKey()
		w.must(w.s.ProveSession(w.ctx(), l.Session.Key, proved, store.Proof{Method: "totp", At: w.clock.Now()}))
		for _, key := range []store.Key{l.Session.Key, shown, offered} {
			w.gone(w.s, key, "a secret before the proof")
		}
		got := w.alive(w.s, proved, "the secret after the proof")
		if !got.Session.SecretSince.IsZero() || !got.Session.Offered.IsZero() || strings.Count(methods(got.Session.Proofs), "totp") != 1 {
			w.Fatalf("after the proof: %+v", got.Session)
		}
		w.alive(w.s, other.Session.Key, "the other of the family")
		w.alive(w.s, w.offer(got), "a secret offered after the proof")
	})
}

func secretsReopened(w *world) {
	l := w.remember(w.user("ann"))
	next := w.offer(l)
	w.must(w.s.Close())
	w.s = w.open()
	w.alive(w.s, next, "the new secret after reopening")
	w.clock.Advance(25 * time.Hour)
	w.must(w.s.TouchSessions(w.ctx(), []store.Use{{Key: l.Session.Key, Seen: w.clock.Now()}}))
	if got := w.alive(w.open(), next, "by another handle"); !got.Session.LastSeen.Equal(w.clock.Now()) {
		w.Fatalf("last seen is %v after a use", got.Session.LastSeen)
	}
	byID, err := w.s.SessionByID(w.ctx(), l.Session.UserID, l.Session.ID)
	w.must(err)
	if !byID.Session.Until.IsZero() {
		w.Fatalf("by its id: %+v", byID.Session)
	}
	if _, err := w.read(w.s, l.Session.Key); !errors.Is(err, store.ErrReplayed) {
		w.Fatalf("the old secret after reopening: %v", err)
	}
}
