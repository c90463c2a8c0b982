package storetest

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// racers is how many goroutines run for one thing.
const racers = 32

// world is one test's data, clock and first handle.
type world struct {
	*testing.T
	h     SessionsHarness
	clock *Clock
	s     store.SessionStore
}

// open opens a handle that is closed with the test.
func (w *world) open() store.SessionStore {
	w.Helper()
	s := w.h.Open(w.T, w.clock.Now)
	w.Cleanup(func() { _ = s.Close() })
	return s
}

// ctx bounds a call by real time, generously: a driver that hangs fails the test instead of the run.
func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	w.Cleanup(cancel)
	return ctx
}

// user makes an account of that name.
func (w *world) user(name string) store.User {
	w.Helper()
	u := store.User{
		ID: newID(), Username: name + "@example.com", Email: name + "@example.com", Confirmed: true, Name: "The " + name,
		Roles: []string{"author", "member"}, GivenRoles: []string{"guest", "member"}, Attributes: map[string]any{"company": "Example", "seats": 12.0, "beta": true,
			"teams": []any{"blue", "green"}},
		Enabled: true, Approved: true, Created: w.clock.Now(), Version: 1,
	}
	w.put(u)
	return u
}

func (w *world) put(u store.User) {
	w.Helper()
	if w.h.PutUser != nil {
		w.h.PutUser(w.T, u)
	}
}

// signIn stores a sign-in of u that idles out after 30 minutes and ends after 12 hours.
func (w *world) signIn(u store.User) store.Live {
	w.Helper()
	l := w.newSignIn(u)
	w.must(w.s.CreateSession(w.ctx(), &l))
	return l
}

func (w *world) newSignIn(u store.User) store.Live {
	now := w.clock.Now()
	return store.Live{
		Session: store.Session{
			Key: newKey(), ID: newID(), UserID: u.ID, Host: "auth.example.com", Created: now, LastSeen: now,
			Idle: 30 * time.Minute, Expires: now.Add(12 * time.Hour),
			Proofs:  []store.Proof{{Method: "password", At: now.Add(-2 * time.Second)}},
			Address: "192.0.2.7",
			Device:  "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		},
		Identity: u.Identity(),
	}
}

// child stores a session of host that comes from parent.
func (w *world) child(parent store.Live, host string) store.Live {
	w.Helper()
	l := w.newChild(parent, host)
	w.must(w.s.CreateSession(w.ctx(), &l))
	return l
}

func (w *world) newChild(parent store.Live, host string) store.Live {
	now := w.clock.Now()
	return store.Live{Session: store.Session{Key: newKey(), ID: newID(), Parent: parent.Session.ID,
		UserID: parent.Session.UserID, Host: host, Created: now, LastSeen: now}}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("unexpected error: %v", err)
	}
}

func (w *world) wantErr(err, target error, doing string) {
	w.Helper()
	if !errors.Is(err, target) {
		w.Fatalf("%s: got %v, want %v", doing, err, target)
	}
}

// alive returns what s knows under key, which must be live.
func (w *world) alive(s store.SessionStore, key store.Key, what string) store.Live {
	w.Helper()
	l, err := w.read(s, key)
	if err != nil {
		w.Fatalf("%s should be alive: %v", what, err)
	}
	return l
}

func (w *world) gone(s store.SessionStore, key store.Key, what string) {
	w.Helper()
	if _, err := w.read(s, key); !errors.Is(err, store.ErrNotFound) {
		w.Fatalf("%s should be gone: got %v, want ErrNotFound", what, err)
	}
}

// read reads a session. Drivers give up early where their server does not answer, for a gate has to; on a machine that is
// busy with other tests that is no fault, so it tries again.
func (w *world) read(s store.SessionStore, key store.Key) (l store.Live, err error) {
	for range 20 {
		if l, err = s.Session(w.ctx(), key); !errors.Is(err, store.ErrUnavailable) {
			break
		}
	}
	return l, err
}

// eventually waits for something that another handle did: a cache hears of it within a second.
func (w *world) eventually(what string, ok func() bool) {
	w.Helper()
	deadline := time.NewTimer(5 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			w.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

// race runs f on every racer at once and returns how many returned true.
func race(f func(i int) bool) int {
	var wg sync.WaitGroup
	start := make(chan struct{})
	won := make([]bool, racers)
	for i := range racers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			won[i] = f(i)
		}()
	}
	close(start)
	wg.Wait()
	n := 0
	for _, ok := range won {
		if ok {
			n++
		}
	}
	return n
}

// newID returns a public id as callers make them: 26 lower-case base32 characters.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

func newKey() store.Key {
	var b [32]byte
	rand.Read(b[:])
	return store.KeyOf(b[:])
}

// sameProofs compares proofs; times of other zones are the same time.
func sameProofs(a, b []store.Proof) bool {
	return slices.EqualFunc(a, b, func(p, q store.Proof) bool {
		return p.Method == q.Method && p.At.Equal(q.At) && p.Factors() == q.Factors()
	})
}

func methods(ps []store.Proof) string {
	var names []string
	for _, p := range ps {
		names = append(names, p.Method)
	}
	return strings.Join(names, " ")
}
