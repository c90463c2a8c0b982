package relay

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// outbox is a users store of which only what a relay needs is there.
type outbox struct {
	store.UserStore
	mu      sync.Mutex
	users   map[string]store.User
	rows    []store.Change
	next    int64
	fail    error
	waiting chan struct{}
}

func newOutbox() *outbox {
	return &outbox{users: make(map[string]store.User), waiting: make(chan struct{}, 1)}
}

// change commits a user and its row; a nil role list deletes the user.
func (o *outbox) change(id string, roles []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if roles == nil {
		delete(o.users, id)
	} else {
		o.users[id] = store.User{ID: id, Roles: roles, Enabled: true, Approved: true, Version: o.users[id].Version + 1}
	}
	o.next++
	o.rows = append(o.rows, store.Change{Seq: o.next, UserID: id})
}

func (o *outbox) wake() {
	select {
	case o.waiting <- struct{}{}:
	default:
	}
}

func (o *outbox) User(_ context.Context, id string) (store.User, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	u, ok := o.users[id]
	if !ok {
		return store.User{}, store.ErrNotFound
	}
	return u, nil
}

func (o *outbox) PendingChanges(_ context.Context, limit int) ([]store.Change, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.rows[:min(limit, len(o.rows))]), o.fail
}

func (o *outbox) AckChanges(_ context.Context, seqs ...int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rows = slices.DeleteFunc(o.rows, func(c store.Change) bool { return slices.Contains(seqs, c.Seq) })
	return nil
}

func (o *outbox) ChangesWaiting() <-chan struct{} { return o.waiting }

func (o *outbox) pending() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.rows)
}

func (o *outbox) failWith(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fail = err
}

// identities is a session store that knows identities only.
type identities struct {
	store.Sessions
	mu    sync.Mutex
	now   map[string]store.Identity
	calls int
	fail  func(store.Identity) error
}

func (s *identities) RefreshIdentity(_ context.Context, id store.Identity) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fail != nil {
		if err := s.fail(id); err != nil {
			return err
		}
	}
	if s.now == nil {
		s.now = make(map[string]store.Identity)
	}
	if s.now[id.UserID].Version <= id.Version {
		s.now[id.UserID] = id
	}
	return nil
}

func (s *identities) failWith(f func(store.Identity) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

func (s *identities) of(id string) store.Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now[id]
}

// relaying runs n relays in the bubble until the test is over.
func relaying(t *testing.T, o *outbox, s *identities, n int) {
	for range n {
		ended := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { ended <- (&Relay{Users: o, Sessions: s}).Run(ctx) }()
		t.Cleanup(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	synctest.Wait()
}

func TestChangeIsInForceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := newOutbox(), &identities{}
		relaying(t, o, s, 1)
		o.change("ann", []string{"editor"})
		o.wake()
		synctest.Wait() // no time passes
		if id := s.of("ann"); !id.Active || id.Version != 1 || !slices.Equal(id.Roles, []string{"editor"}) {
			t.Errorf("told %+v", id)
		}
		o.change("ann", nil)
		o.wake()
		synctest.Wait()
		if id := s.of("ann"); id.Active || id.Version != math.MaxInt64 || id.UserID != "ann" {
			t.Errorf("told of the deletion: %+v", id)
		}
		if o.pending() != 0 {
			t.Errorf("%d rows left", o.pending())
		}
	})
}

func TestChangeWithoutWakeIsFoundWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := newOutbox(), &identities{}
		relaying(t, o, s, 1)
		o.change("ann", []string{"editor"})
		time.Sleep(time.Second)
		synctest.Wait()
		if !s.of("ann").Active {
			t.Error("not told")
		}
	})
}

func TestManyChangesOfAUserAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := newOutbox(), &identities{}
		for i := range 200 {
			o.change("ann", []string{fmt.Sprint("role", i)})
		}
		relaying(t, o, s, 1)
		if s.calls != 1 || s.of("ann").Version != 200 || o.pending() != 0 {
			t.Errorf("%d calls, version %d, %d rows left", s.calls, s.of("ann").Version, o.pending())
		}
	})
}

func TestBulkChangeNeedsNoTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := newOutbox(), &identities{}
		for i := range 2000 {
			o.change(fmt.Sprint("user", i), []string{})
		}
		relaying(t, o, s, 1)
		if s.calls != 2000 || o.pending() != 0 {
			t.Errorf("%d calls, %d rows left", s.calls, o.pending())
		}
	})
}

func TestOutageDelaysAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := newOutbox(), &identities{}
		relaying(t, o, s, 1)
		s.failWith(func(store.Identity) error { return fmt.Errorf("refreshing: %w", store.ErrUnavailable) })
		for i := range 50 {
			o.change(fmt.Sprint("user", i), []string{})
		}
		o.wake()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if o.pending() != 50 {
			t.Fatalf("%d rows kept of 50", o.pending())
		}
		s.mu.Lock()
		if s.calls > 10*60*workers {
			t.Errorf("%d tries in ten minutes", s.calls)
		}
		s.mu.Unlock()
		s.failWith(nil)
		time.Sleep(backoff.Longest)
		synctest.Wait()
		if o.pending() != 0 || !s.of("user49").Active {
			t.Errorf("%d rows left after the outage", o.pending())
		}

		o.failWith(store.ErrUnavailable)
		o.change("ann", []string{"editor"})
		time.Sleep(time.Minute)
		o.failWith(nil)
		time.Sleep(backoff.Longest)
		synctest.Wait()
		if !s.of("ann").Active {
			t.Error("lost while the users store was away")
		}
	})
}

func TestOneFailureDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := newOutbox(), &identities{}
		s.failWith(func(id store.Identity) error {
			if id.UserID == "bad" {
				return errors.New("cannot be encoded")
			}
			return nil
		})
		o.change("bad", []string{})
		for i := range 20 {
			o.change(fmt.Sprint("user", i), []string{})
		}
		relaying(t, o, s, 1)
		if o.pending() != 1 || !s.of("user19").Active {
			t.Errorf("%d rows left", o.pending())
		}
	})
}

func TestTwoRelaysOnOneOutboxAreHarmless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := newOutbox(), &identities{}
		relaying(t, o, s, 2)
		for i := range 500 {
			o.change(fmt.Sprint("user", i%50), []string{fmt.Sprint("role", i)})
			o.wake()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if o.pending() != 0 || s.of("user49").Version != 10 {
			t.Errorf("%d rows left, version %d", o.pending(), s.of("user49").Version)
		}
	})
}

func TestRelayEndsWithItsStores(t *testing.T) {
	o := newOutbox()
	o.failWith(fmt.Errorf("reading changes: %w", store.ErrClosed))
	if err := (&Relay{Users: o, Sessions: &identities{}}).Run(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Error(err)
	}
}

// selfRefreshing is a session store in the database of the users store.
type selfRefreshing struct{ *identities }

func (selfRefreshing) RefreshesItself() bool { return true }

func TestSelfRefreshingStoreIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := newOutbox(), selfRefreshing{&identities{}}
		o.change("ann", []string{"editor"})
		o.change("ben", nil)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- (&Relay{Users: o, Sessions: s}).Run(ctx) }()
		synctest.Wait()
		if s.calls != 0 || o.pending() != 0 {
			t.Errorf("%d calls, %d rows left", s.calls, o.pending())
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
