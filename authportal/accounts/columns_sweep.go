package accounts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/internal/loop"
	"github.com/gatehouse-auth/gatehouse/store"
)

// ColumnSweeper removes the values of removed columns from all accounts, and moves those of renamed columns. It changes
// one account after the other, as an administrator would: at its version, with an outbox row. So no concurrent change
// is lost, active sessions are refreshed, and a sweep can be interrupted, repeated, or run twice at once.
type ColumnSweeper struct {
	Users store.UserStore
	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: nothing is logged

	// Every is the polling interval; default 2 s.
	Every time.Duration

	Swept map[Leaving]bool // swept once, to be swept again after SweepSettle
}

const (
	// SweepBatch is the number of accounts of one page of a sweep.
	SweepBatch = 200

	sweepBacklog = 256                    // outbox rows from which the sweep lets other changes go first
	sweepPause   = 100 * time.Millisecond // before it looks at the outbox again
	sweepTimeout = 10 * time.Second       // of a page
	sweepAgain   = time.Minute            // longest pause while the store is unavailable

	// SweepSettle is when the last sweep begins. No call that read the columns before the change lasts as long, so none
	// can leave a value behind.
	SweepSettle = 30 * time.Second
)

// Run sweeps until ctx ends, then returns nil; it returns store.ErrClosed if the store was closed.
func (s *ColumnSweeper) Run(ctx context.Context) error {
	now, every := s.Now, s.Every
	if now == nil {
		now = time.Now
	}
	if every <= 0 {
		every = 2 * time.Second
	}
	s.Swept = map[Leaving]bool{}
	l := loop.Loop{After: every, Every: every, Backoff: loop.Backoff{First: 2 * every, Longest: sweepAgain},
		Ends:   func(err error) bool { return errors.Is(err, store.ErrClosed) },
		Outage: loop.Outage{Log: s.Log, Failing: "moving the values of removed or renamed columns failed; will retry"}}
	return l.Run(ctx, func(ctx context.Context) (more bool, err error) { return false, s.Sweep(ctx, now) })
}

// Sweep does one round of work.
func (s *ColumnSweeper) Sweep(ctx context.Context, now func() time.Time) error {
	book, _, err := ReadColumns(ctx, s.Users)
	if err != nil {
		return err
	}
	for _, l := range book.Leaving {
		settled := now().Sub(l.Since) >= SweepSettle
		if s.Swept[l] && !settled {
			continue
		}
		if err := s.sweepAll(ctx, l); err != nil {
			return fmt.Errorf("sweeping the attribute %s: %w", l.Key, err)
		}
		if s.Swept[l] = true; !settled {
			continue // once more, when no call in flight can bring the attribute back
		}
		delete(s.Swept, l)
		err := changeColumns(ctx, s.Users, func(b *ColumnBook) error {
			b.Leaving = slices.DeleteFunc(b.Leaving, func(other Leaving) bool { return other == l })
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *ColumnSweeper) sweepAll(ctx context.Context, l Leaving) error {
	q := store.UserQuery{Limit: SweepBatch}
	for {
		if err := s.waitForOutbox(ctx); err != nil {
			return err
		}
		users, err := s.sweepPage(ctx, q, l)
		if err != nil {
			return err
		}
		if len(users) < q.Limit {
			return nil
		}
		q.After = q.Next(users[len(users)-1])
	}
}

// waitForOutbox waits while the outbox is full of changes that the relay has yet to apply.
func (s *ColumnSweeper) waitForOutbox(ctx context.Context) error {
	for {
		waiting, err := s.Users.PendingChanges(ctx, sweepBacklog)
		if err != nil || len(waiting) < sweepBacklog {
			return err
		}
		loop.Wait(ctx, sweepPause, nil)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (s *ColumnSweeper) sweepPage(ctx context.Context, q store.UserQuery, l Leaving) ([]store.User, error) {
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	users, err := s.Users.ListUsers(ctx, q)
	if err != nil {
		return nil, err
	}
	for i := range users {
		if err := s.sweepOne(ctx, users[i], l); err != nil {
			return nil, err
		}
	}
	return users, nil
}

// sweepOne changes one account. A value already set under the new name is newer and stays.
func (s *ColumnSweeper) sweepOne(ctx context.Context, u store.User, l Leaving) error {
	for range UpdateTries {
		value, has := u.Attributes[l.Key]
		if !has {
			return nil
		}
		u.Attributes = maps.Clone(u.Attributes)
		delete(u.Attributes, l.Key)
		if _, newer := u.Attributes[l.To]; l.To != "" && !newer {
			u.Attributes[l.To] = value
		}
		_, err := s.Users.UpdateUser(ctx, u)
		if errors.Is(err, store.ErrStale) {
			if u, err = s.Users.User(ctx, u.ID); err == nil {
				continue
			}
		}
		if errors.Is(err, store.ErrNotFound) {
			return nil // deleted meanwhile
		}
		return err
	}
	return store.ErrStale
}
