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

// SessionsHarness is what a driver of the session store gives the suite: one set of data and ways to reach it.
type SessionsHarness struct {
	// Open opens a handle on the data. It is called several times: each handle is an instance of the gateway of its own,
	// and a handle opened after another was closed finds what that one left. The suite closes every handle; one may
	// be closed twice.
	Open func(t *testing.T, now func() time.Time) store.SessionStore

	// PutUser makes the account u, or replaces it where u.Version is above 1, for drivers that read identities from
	// the users store. It tells the session store nothing. Drivers that keep copies leave it nil. Versions come in
	// steps of one; nobody holds the role admin.
	PutUser func(t *testing.T, u store.User)
}

// Sessions holds a session store against package store. fresh is called once for every test, and returns data that is
// empty and that nobody else uses.
func Sessions(t *testing.T, fresh func(t *testing.T) SessionsHarness) {
	tests := []struct {
		name string
		run  func(*world)
	}{
		{"a sign-in is read back as it was stored", readBack},
		{"an unknown key is not found", unknownKey},
		{"what a caller does to a returned session stays with the caller", returnedCopies},
		{"the absolute deadline ends a session however often it is used", absoluteDeadline},
		{"the idle deadline slides with use", idleDeadline},
		{"a remembered session has no idle deadline", remembered},
		{"last seen never goes back", lastSeenForward},
		{"an expired session stays expired when it is touched", touchExpired},
		{"a touch after the end revives nothing", touchAfterEnd},
		{"touching what is unknown is no error", touchUnknown},
		{"ending while touches race leaves nothing", endWhileTouching},

		{"a child carries what its sign-in carries", childCopies},
		{"use of any child is use of all", childrenSlide},
		{"a child of an ended sign-in is not found", childOfEnded},
		{"a child of somebody else's sign-in is not found", childOfStranger},
		{"a child created while its sign-in ends does not live", childRacingEnd},
		{"the end of a sign-in ends its children", endCascades},
		{"only the owner can end a sign-in, once", endOwner},
		{"a child's id ends nothing", endChildID},
		{"of racing ends one wins", endRace},
		{"every sign-in of a user ends but the excepted one", endAllExcept},
		{"sign-ins are listed newest first, without children", listing},
		{"a sign-in is found by its id for its owner only", byID},

		{"a proof changes the key and is seen by the whole family", proveParent},
		{"a proof through a child changes the child's key only", proveChild},
		{"of racing proofs one wins", proveRace},
		{"of racing proofs through a child one wins", proveChildRace},
		{"proofs and new children that race lose neither", proveWhileChildren},
		{"nothing is proved on an ended session", proveEnded},
		{"a family ends whole after its key changed", endAfterProve},

		{"new rights reach every session of the user", refreshSpreads},
		{"older rights never replace newer ones", refreshOlder},
		{"rights that race end in the newest", refreshRace},
		{"an inactive identity ends every session", refreshInactive},
		{"refreshing a user without sessions is no error", refreshNobody},

		{"a ticket is taken once", ticketOnce},
		{"a ticket of one purpose is unknown to another", ticketPurpose},
		{"a ticket dies at its deadline", ticketDeadline},
		{"of callers racing for a ticket one gets it", ticketRace},
		{"a counter has room up to its limit and again after its window", counterWindow},
		{"a guess is given back", counterUncount},
		{"counters are apart by name", counterNames},
		{"of callers racing for a counter limit find room", counterRace},

		{"what one handle changes the other sees and is told", feedTells},
		{"every kind of change is told", feedKinds},
		{"many changes are all told, one at a time", feedMany},
		{"cancelling waits for the call under way and is the last", feedCancel},
		{"a late subscriber is told that the feed is up", feedLate},

		{"reopening keeps sessions, tickets and counters", reopening},
		{"every call after closing is ErrClosed", useAfterClose},
		{"a cancelled call fails and changes nothing", cancelled},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := &world{T: t, h: fresh(t), clock: NewClock()}
			w.s = w.open()
			test.run(w)
		})
	}
}

// Clock is a clock that only moves when told to. It starts in the past, where a driver that trusts its server's clock
// loses everything at once.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at some whole second of 2024.
func NewClock() *Clock { return &Clock{now: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)} }

// Now returns the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

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
		Roles: []string{"author", "member"}, Attributes: map[string]any{"company": "Example", "seats": 12.0, "beta": true,
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
	return slices.EqualFunc(a, b, func(p, q store.Proof) bool { return p.Method == q.Method && p.At.Equal(q.At) })
}

func methods(ps []store.Proof) string {
	var names []string
	for _, p := range ps {
		names = append(names, p.Method)
	}
	return strings.Join(names, " ")
}
