package cache_test

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/cache"
	"github.com/gatehouse-auth/gatehouse/store/relay"
	"github.com/gatehouse-auth/gatehouse/store/sql"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

// place is a database file that any number of gateways open.
type place string

func (p place) open(t *testing.T, now func() time.Time) *sql.Store {
	t.Helper()
	s, err := sql.OpenSQLite(t.Context(), string(p), store.Env{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// whole closes the database with its session store, as the end of a process does.
type whole struct {
	store.SessionStore
	users *sql.Store
}

func (w whole) Close() error { return errors.Join(w.SessionStore.Close(), w.users.Close()) }

func TestACachedStoreIsASessionStore(t *testing.T) {
	suite(t, func(t *testing.T, s store.SessionStore, now func() time.Time) store.SessionStore {
		return cache.New(s, cache.Options{Now: now})
	})
}

// The same when what is read is what Get remembers, with the feed up from the start.
func TestWhatIsRememberedIsWhatTheStoreWouldSay(t *testing.T) {
	suite(t, func(t *testing.T, s store.SessionStore, now func() time.Time) store.SessionStore {
		r := remembering{cache.New(s, cache.Options{Now: now})}
		for !r.Stats().Up {
			runtime.Gosched()
		}
		return r
	})
}

// remembering reads by Get, and gives copies away, as Session does.
type remembering struct{ *cache.Cache }

func (r remembering) Session(ctx context.Context, key store.Key) (store.ActiveSession, error) {
	e, err := r.Get(ctx, key)
	if err != nil {
		return store.ActiveSession{}, err
	}
	l := *e.Live()
	l.Session.LastSeen = e.LastSeen()
	l.Session.Proofs = slices.Clone(l.Session.Proofs)
	l.Identity.Roles = slices.Clone(l.Identity.Roles)
	l.Identity.Attributes = maps.Clone(l.Identity.Attributes)
	for name, value := range l.Identity.Attributes {
		if list, ok := value.([]any); ok {
			l.Identity.Attributes[name] = slices.Clone(list)
		}
	}
	return l, nil
}

// suite holds what wrap makes of an embedded session store against the suite of every driver.
func suite(t *testing.T, wrap func(*testing.T, store.SessionStore, func() time.Time) store.SessionStore) {
	storetest.Sessions(t, func(t *testing.T) storetest.SessionsHarness {
		p := place(filepath.Join(t.TempDir(), "gatehouse.db"))
		users := p.open(t, time.Now)
		return storetest.SessionsHarness{
			Open: func(t *testing.T, now func() time.Time) store.SessionStore {
				s := p.open(t, now)
				return wrap(t, whole{s.EmbeddedSessions(), s}, now)
			},
			PutUser: func(t *testing.T, u store.User) {
				t.Helper()
				var err error
				if u.Version == 1 {
					err = users.CreateUser(t.Context(), u)
				} else {
					u.Version--
					_, err = users.UpdateUser(t.Context(), u)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

// gateway is one of several on the same data: its stores, its cache, its relay.
type gateway struct {
	users *sql.Store
	*cache.Cache
}

func startGateway(t *testing.T, p place) gateway {
	s := p.open(t, time.Now)
	g := gateway{s, cache.New(s.EmbeddedSessions(), cache.Options{})}
	t.Cleanup(func() {
		if err := g.Cache.Close(); err != nil {
			t.Error(err)
		}
	})
	ended := make(chan error, 1)
	go func() { ended <- (&relay.Relay{Users: s, Sessions: g.Cache}).Run(t.Context()) }()
	t.Cleanup(func() { // the test's context has ended by now
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return g
}

// What one gateway does to a session or a user is in force on the other within a second: for requests, and for streams
// that are open.
func TestTwoGatewaysOnOneDatabase(t *testing.T) {
	p := place(filepath.Join(t.TempDir(), "gatehouse.db"))
	one, two := startGateway(t, p), startGateway(t, p)
	ctx := t.Context()
	u := store.User{ID: "aaaaaaaaaaaaaaaaaaaaaaaaaa", Username: "ann", Email: "ann@example.com", Confirmed: true,
		Roles: []string{"member"}, Attributes: map[string]any{}, Enabled: true, Approved: true, Created: time.Now()}
	if err := one.users.CreateUser(ctx, u); err != nil {
		t.Fatal(err)
	}
	u.Version = 1
	key, now := store.KeyOf([]byte("secret")), time.Now()
	l := store.ActiveSession{Identity: u.Identity(), Session: store.Session{Key: key, ID: "bbbbbbbbbbbbbbbbbbbbbbbbbb", UserID: u.ID,
		Host: "app.example.com", Created: now, LastSeen: now, Idle: time.Hour, Expires: now.Add(12 * time.Hour)}}
	if err := one.CreateSession(ctx, &l); err != nil {
		t.Fatal(err)
	}
	e, err := two.Get(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan *cache.Entry, 100)
	defer two.Watch(e, func(e *cache.Entry) { told <- e })()

	next := func(what string, wanted func(*cache.Entry) bool) {
		t.Helper()
		within := time.Minute // that it comes is for every machine, how soon for long runs
		if servers.Long(t) {
			within = time.Second
		}
		deadline := time.After(within)
		for {
			select {
			case e := <-told:
				if wanted(e) {
					return
				}
			case <-deadline:
				t.Fatalf("%s: not in force after %v", what, within)
			}
		}
	}

	u.Roles = []string{"editor"}
	if u, err = one.users.UpdateUser(ctx, u); err != nil {
		t.Fatal(err)
	}
	next("new roles", func(e *cache.Entry) bool { return e != nil && e.Live().Identity.Roles[0] == "editor" })
	if e, err = two.Get(ctx, key); err != nil || e.Live().Identity.Roles[0] != "editor" {
		t.Fatal(e, err)
	}
	if err := one.EndSession(ctx, u.ID, l.Session.ID); err != nil {
		t.Fatal(err)
	}
	next("the sign-out", func(e *cache.Entry) bool { return e == nil })
	if _, err := two.Get(ctx, key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after the sign-out: %v", err)
	}
	two.Use(e, time.Now().Add(time.Minute)) // by a request still in flight
	if err := two.FlushUses(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Get(ctx, key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("revived: %v", err)
	}
}
