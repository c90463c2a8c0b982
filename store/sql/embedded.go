package sql

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/feed"
)

// EmbeddedSessions returns a view of the session store in this database. Closing a view closes nothing else; a closed
// Store closes its views.
func (s *Store) EmbeddedSessions() store.SessionStore { return &embedded{s: s} }

// embedded is a [store.SessionStore] in the database of the users store. Its sessions hold no copy of an identity: they
// are read together with the account, as it is at that moment.
type embedded struct {
	s      *Store
	closed atomic.Bool

	mu   sync.Mutex
	subs map[*feed.Subscription]struct{}
}

var (
	_ store.SessionStore   = (*embedded)(nil)
	_ store.SessionCounter = (*embedded)(nil)
	_ store.SelfRefreshing = (*embedded)(nil)
)

func (e *embedded) read(ctx context.Context, name string, f act) error {
	if e.closed.Load() {
		return fmt.Errorf("%s: %w", name, store.ErrClosed)
	}
	return e.s.read(ctx, name, f)
}

func (e *embedded) write(ctx context.Context, name string, f act) error {
	if e.closed.Load() {
		return fmt.Errorf("%s: %w", name, store.ErrClosed)
	}
	return e.s.write(ctx, name, f)
}

func (e *embedded) writeAlone(ctx context.Context, name string, f act) error {
	if e.closed.Load() {
		return fmt.Errorf("%s: %w", name, store.ErrClosed)
	}
	return e.s.writeAlone(ctx, name, f)
}

// change is a write that ends with notifying the feed of the user whom f names, if any.
func (e *embedded) change(ctx context.Context, name string, f func(ctx context.Context, tx querier) (userID string, err error)) error {
	err := e.write(ctx, name, func(ctx context.Context, tx querier) error {
		userID, err := f(ctx, tx)
		if err != nil || userID == "" {
			return err
		}
		return e.s.d.tell(ctx, tx, userID, e.s.env.Now())
	})
	if err == nil {
		e.s.told()
	}
	return err
}

// RefreshesItself is true: see UpdateUser, DeleteUser and DeleteCredential.
func (e *embedded) RefreshesItself() bool { return true }

// Subscribe follows the feed of the database.
func (e *embedded) Subscribe(changed func(userID string), state func(up bool)) (cancel func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed.Load() || e.s.closed.Load() {
		return func() {}
	}
	sub := e.s.hub.Subscribe(changed, state)
	if e.subs == nil {
		e.subs = make(map[*feed.Subscription]struct{})
	}
	e.subs[sub] = struct{}{}
	return func() {
		e.mu.Lock()
		delete(e.subs, sub)
		e.mu.Unlock()
		sub.Cancel()
	}
}

// Ping says whether the database answers.
func (e *embedded) Ping(ctx context.Context) error {
	if e.closed.Load() {
		return fmt.Errorf("asking the session store: %w", store.ErrClosed)
	}
	return e.s.Ping(ctx)
}

// Close ends this view and its subscriptions, and leaves the database open.
func (e *embedded) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed.Swap(true) {
		return nil
	}
	for sub := range e.subs {
		sub.Dismiss()
	}
	e.subs = nil
	return nil
}
