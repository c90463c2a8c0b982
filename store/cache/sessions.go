package cache

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/store"
)

// The calls that change sessions. Each forgets what it may have changed before it returns, also where it failed: an
// error such as a timeout does not say that nothing happened.

// CreateSession passes on. No one can have asked for the new key before, so there is nothing to forget.
func (c *Cache) CreateSession(ctx context.Context, l *store.ActiveSession) error {
	return c.inner.CreateSession(ctx, l)
}

// Session reads the store, always: a call that changes a session decides by what is, not by what is remembered.
func (c *Cache) Session(ctx context.Context, key store.Key) (store.ActiveSession, error) {
	live, err := c.inner.Session(ctx, key)
	if replayed, ok := errors.AsType[*store.ReplayedError](err); ok {
		c.told(replayed.Session.Session.UserID)
		if c.o.Replayed != nil {
			c.o.Replayed(ctx, &replayed.Session)
		}
	}
	return live, err
}

// OfferSecret passes on and forgets the sessions of the user, so that no request here offers again what is waiting to
// be shown.
func (c *Cache) OfferSecret(ctx context.Context, userID string, key, next store.Key) error {
	defer c.ledger.forget(userID)
	return c.inner.OfferSecret(ctx, userID, key, next)
}

// ProveSession passes on and forgets the sessions of the user: the proof counts for the whole family.
func (c *Cache) ProveSession(ctx context.Context, old, new store.Key, p store.Proof) error {
	known, ok := c.entries.GetEntryQuietly(short(&old))
	err := c.inner.ProveSession(ctx, old, new, p)
	if ok && known.Value.key == old {
		c.told(known.Value.live.Session.UserID)
		return err
	}
	if err != nil {
		return err
	}
	// Whose it is, only the store knows. A browser that has just given its second factor is on its way to a host whose
	// session may be remembered without it.
	live, err := c.inner.Session(ctx, new)
	if err != nil {
		c.ledger.forgetAll()
		c.watches.toldAll()
		return nil
	}
	c.told(live.Session.UserID)
	return nil
}

// EndSession passes on and forgets the sessions of the user.
func (c *Cache) EndSession(ctx context.Context, userID, id string) error {
	defer c.told(userID)
	return c.inner.EndSession(ctx, userID, id)
}

// EndSessionsOf passes on and forgets the sessions of the user.
func (c *Cache) EndSessionsOf(ctx context.Context, userID, except string) (int, error) {
	defer c.told(userID)
	return c.inner.EndSessionsOf(ctx, userID, except)
}

// RefreshesItself reports whether the store does.
func (c *Cache) RefreshesItself() bool { return c.refreshesItself }

// RefreshIdentity passes on and forgets the sessions of the user. Where the store refreshes itself, its feed notifies
// every other cache; this one forgets at once, because the caller made the change and expects to see it in force.
func (c *Cache) RefreshIdentity(ctx context.Context, id store.Identity) error {
	defer c.told(id.UserID)
	if c.refreshesItself {
		return nil
	}
	return c.inner.RefreshIdentity(ctx, id)
}

// CountSessions asks the store, where it can count; errors.ErrUnsupported where it cannot.
func (c *Cache) CountSessions(ctx context.Context) (int, error) {
	if c.counter == nil {
		return 0, fmt.Errorf("counting sessions: %w", errors.ErrUnsupported)
	}
	return c.counter.CountSessions(ctx)
}
