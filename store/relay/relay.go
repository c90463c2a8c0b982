package relay

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-auth/gatehouse/internal/loop"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Relay reads the outbox that every change is committed with, gives the sessions of each user the identity as it is
// now, or ends them, and only then acknowledges. So a crash or an outage between the two stores delays a change and
// never loses it, and doing one twice, or two relays on one outbox, do no harm. Where the session store refreshes
// itself, there is only the acknowledging left to do.
type Relay struct {
	Users    store.UserStore
	Sessions store.Sessions
	Log      *slog.Logger // default: nothing is logged

	// Every is how often the outbox is read without being woken; default 500 ms. It is what a change waits where another
	// relay of this process, stopped a moment later, took the wake-up for it.
	Every time.Duration
}

const (
	batch   = 256
	workers = 8 // identities refreshed at one time, so that a bulk change is in force soon too
	limit   = 5 * time.Second
)

// backoff: the longest is what a change waits once an outage is over.
var backoff = loop.Backoff{First: 50 * time.Millisecond, Longest: 500 * time.Millisecond}

// Run carries until ctx ends, and returns nil then; store.ErrClosed where a store was closed under it. Every other
// error it logs and tries again.
func (r *Relay) Run(ctx context.Context) error {
	every := r.Every
	if every <= 0 {
		every = 500 * time.Millisecond
	}
	l := loop.Loop{Every: every, Wake: r.Users.ChangesWaiting(), Backoff: backoff,
		Ends: func(err error) bool { return errors.Is(err, store.ErrClosed) },
		Outage: loop.Outage{Log: r.Log,
			Failing: "sessions not refreshed after changes of users yet; will try again",
			Working: "sessions are refreshed after changes of users again"}}
	return l.Run(ctx, r.carry)
}

// carry refreshes one batch. more reports whether the outbox may hold further rows.
func (r *Relay) carry(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	changes, err := r.Users.PendingChanges(ctx, batch)
	if err != nil || len(changes) == 0 {
		return false, err
	}
	rows := make(map[string][]int64, len(changes))
	var users []string
	for _, c := range changes {
		if rows[c.UserID] == nil {
			users = append(users, c.UserID)
		}
		rows[c.UserID] = append(rows[c.UserID], c.Seq)
	}
	refreshed := users
	if !store.RefreshesItself(r.Sessions) {
		refreshed, err = r.refreshAll(ctx, users)
	}
	var done []int64
	for _, id := range refreshed {
		done = append(done, rows[id]...)
	}
	if len(done) > 0 {
		err = errors.Join(err, r.Users.AckChanges(ctx, done...))
	}
	return len(changes) == batch, err
}

// refreshAll returns those of users whose sessions it reached. One that fails does not hold up the others, unless the
// store is out of reach for all.
func (r *Relay) refreshAll(ctx context.Context, users []string) (done []string, err error) {
	var (
		group errgroup.Group
		mu    sync.Mutex
	)
	group.SetLimit(workers)
	hopeless := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return outOfReach(err)
	}
	for _, id := range users {
		if hopeless() {
			break
		}
		group.Go(func() error {
			if hopeless() { // since it was queued
				return nil
			}
			e := r.refresh(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			if e == nil {
				done = append(done, id)
			} else {
				err = errors.Join(err, e)
			}
			return nil
		})
	}
	_ = group.Wait() // the errors are joined in err
	return done, err
}

func outOfReach(err error) bool {
	return errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// refresh gives the sessions of a user the identity as it is now. The user is read after the row was, so it is never
// older than what the row stands for.
func (r *Relay) refresh(ctx context.Context, userID string) error {
	u, err := r.Users.User(ctx, userID)
	if errors.Is(err, store.ErrNotFound) { // deleted: later than every version
		return r.Sessions.RefreshIdentity(ctx, store.Identity{UserID: userID, Version: math.MaxInt64})
	}
	if err != nil {
		return err
	}
	return r.Sessions.RefreshIdentity(ctx, u.Identity())
}
