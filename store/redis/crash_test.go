package redis

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
)

var errCrash = errors.New("crashed")

// crash is a hook that lets so many commands through and then none: what a process leaves behind that dies there.
type crash struct {
	left     atomic.Int64
	answered bool // the last command still reaches the server, and its answer is lost
}

func (c *crash) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *crash) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		return c.pass(func() error { return next(ctx, cmd) })
	}
}

func (c *crash) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := c.pass(func() error { return next(ctx, cmds) })
		if errors.Is(err, errCrash) {
			for _, cmd := range cmds {
				cmd.SetErr(err)
			}
		}
		return err
	}
}

func (c *crash) pass(next func() error) error {
	left := c.left.Add(-1)
	if left == 0 && c.answered {
		_ = next()
	}
	if left <= 0 {
		return errCrash
	}
	return next()
}

// family is a sign-in with two children, stored by a process that is well.
type family struct {
	signIn store.ActiveSession
	a, b   store.ActiveSession
}

func newFamily(t *testing.T, s *Store) family {
	t.Helper()
	now := s.now()
	live := func(host, parent, user string) store.ActiveSession {
		l := store.ActiveSession{
			Session: store.Session{Key: store.KeyOf([]byte(randomID())), ID: randomID(), Parent: parent, UserID: user, Host: host, Created: now,
				LastSeen: now, Idle: time.Hour, Expires: now.Add(2 * time.Hour), Proofs: []store.Proof{{Method: "password", At: now}}},
			Identity: store.Identity{UserID: user, Version: 1, Username: "ann", Active: true},
		}
		if err := s.CreateSession(t.Context(), &l); err != nil {
			t.Fatal(err)
		}
		return l
	}
	user := randomID()
	f := family{signIn: live("portal", "", user)}
	f.a, f.b = live("a", f.signIn.Session.ID, user), live("b", f.signIn.Session.ID, user)
	return f
}

// TestACrashAnywhereLeavesNoSessionThatNoEndFinds lets every call that takes several steps die after each of them, and
// then has another process end the sign-in: no secret that a browser holds may open anything after that, and before it
// no child may outlive its sign-in.
func TestACrashAnywhereLeavesNoSessionThatNoEndFinds(t *testing.T) {
	calls := map[string]func(s *Store, f family) (more store.Key, err error){
		"a new child": func(s *Store, f family) (store.Key, error) {
			key := store.KeyOf([]byte(randomID()))
			return key, s.CreateSession(t.Context(), &store.ActiveSession{Session: store.Session{Key: key, ID: randomID(), Parent: f.signIn.Session.ID,
				UserID: f.signIn.Session.UserID, Host: "c", Created: s.now()}})
		},
		"a proof": func(s *Store, f family) (store.Key, error) {
			key := store.KeyOf([]byte(randomID()))
			return key, s.ProveSession(t.Context(), f.signIn.Session.Key, key, store.Proof{Method: "totp", At: s.now()})
		},
		"a proof through a child": func(s *Store, f family) (store.Key, error) {
			key := store.KeyOf([]byte(randomID()))
			return key, s.ProveSession(t.Context(), f.a.Session.Key, key, store.Proof{Method: "totp", At: s.now()})
		},
		"the end": func(s *Store, f family) (store.Key, error) {
			return store.Key{}, s.EndSession(t.Context(), f.signIn.Session.UserID, f.signIn.Session.ID)
		},
		"the end of all": func(s *Store, f family) (store.Key, error) {
			_, err := s.EndSessionsOf(t.Context(), f.signIn.Session.UserID, "")
			return store.Key{}, err
		},
		"new rights": func(s *Store, f family) (store.Key, error) {
			id := f.signIn.Identity
			id.Version++
			return store.Key{}, s.RefreshIdentity(t.Context(), id)
		},
		"no rights": func(s *Store, f family) (store.Key, error) {
			id := f.signIn.Identity
			id.Version, id.Active = id.Version+1, false
			return store.Key{}, s.RefreshIdentity(t.Context(), id)
		},
		"a use": func(s *Store, f family) (store.Key, error) {
			return store.Key{}, s.TouchSessions(t.Context(), []store.Use{{Key: f.a.Session.Key, Seen: s.now()}})
		},
	}
	urls := []string{servers.Redis(t) + "?prefix=crash-" + randomID() + ":"}
	now := time.Now()
	clock := func() time.Time { return now }
	well, err := Open(t.Context(), urls, store.Env{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer well.Close()
	for name, call := range calls {
		for _, answered := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				for steps := int64(1); ; steps++ {
					f := newFamily(t, well)
					now = now.Add(time.Second)
					dying, err := Open(t.Context(), urls, store.Env{Now: clock})
					if err != nil {
						t.Fatal(err)
					}
					c := &crash{answered: answered}
					c.left.Store(steps)
					dying.rdb.AddHook(c)
					more, err := call(dying, f)
					survived := c.left.Load() > 0
					_ = dying.Close()
					if survived && err != nil {
						t.Fatalf("with %d steps: %v", steps, err)
					}
					known := []store.Key{f.signIn.Session.Key, f.a.Session.Key, f.b.Session.Key}
					if err == nil && more != (store.Key{}) {
						known = append(known, more)
					}
					judgeAfterCrash(t, well, f, known, steps)
					if survived {
						return
					}
				}
			})
		}
	}
}

func judgeAfterCrash(t *testing.T, s *Store, f family, known []store.Key, steps int64) {
	t.Helper()
	alive := func(key store.Key) bool {
		_, err := s.Session(t.Context(), key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("after %d steps: %v", steps, err)
		}
		return err == nil
	}
	// A sign-in that lost its rights but not yet its record still lists its children, for the next try to end.
	_, err := s.signIn(t.Context(), f.signIn.Session.UserID, f.signIn.Session.ID)()
	if errors.Is(err, store.ErrNotFound) && (alive(f.a.Session.Key) || alive(f.b.Session.Key)) {
		t.Fatalf("after %d steps a child outlived its sign-in", steps)
	}
	if err := s.EndSession(t.Context(), f.signIn.Session.UserID, f.signIn.Session.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("after %d steps ending: %v", steps, err)
	}
	for i, key := range known {
		if alive(key) {
			t.Fatalf("after %d steps secret %d outlived the end", steps, i)
		}
	}
	if n := s.rdb.Exists(t.Context(), s.recordKey(f.signIn.Session.Key)).Val(); n != 0 {
		// A pointer may stay until it expires where the process died before clearing it away.
		if h, err := s.load(t.Context(), f.signIn.Session.Key); err != nil || h.kind != isPointer {
			t.Fatalf("after %d steps: %+v, %v", steps, h.record, err)
		}
	}
}

func randomID() string {
	key := store.KeyOf([]byte(time.Now().String() + string(rune(counter.Add(1)))))
	return plainBase32.EncodeToString(key[:16])
}

var counter atomic.Int32
