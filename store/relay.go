package store

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"
)

// Relay carries changes from the users store to the session store: it reads the outbox that every change is committed
// with, gives the sessions of each user the identity as it is now, or ends them, and only then acknowledges. So a crash
// or an outage between the two stores delays a change and never loses it, and doing one twice, or two relays on one
// outbox, do no harm.
type Relay struct {
	Users    UserStore
	Sessions Sessions
	Log      *slog.Logger // default: nothing is logged

	// Every is how often the outbox is looked at besides being told; default 500 ms. It is what a change waits where
	// another relay of this process, stopped a moment later, took the word of it.
	Every time.Duration
}

const (
	relayBatch    = 256
	relayWorkers  = 8 // identities refreshed at one time, so that a bulk change is in force soon too
	relayPatience = 5 * time.Second
	relayBackoff  = 500 * time.Millisecond // longest pause between tries; it is what a change waits once an outage is over
)

// Run carries until ctx ends, and returns nil then; ErrClosed where a store was closed under it. Every other error it
// logs and tries again.
func (r *Relay) Run(ctx context.Context) error {
	log, every := r.Log, r.Every
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if every <= 0 {
		every = 500 * time.Millisecond
	}
	waiting := r.Users.ChangesWaiting()
	timer := time.NewTimer(every)
	defer timer.Stop()
	for failures := 0; ; {
		more, err := r.carry(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrClosed):
			return err
		case err != nil:
			if failures++; failures == 1 {
				log.Warn("changes of users not told to the session store yet; will try again", "error", err)
			}
			timer.Reset(pause(failures))
			select {
			case <-ctx.Done():
				return nil
			case <-timer.C:
			}
			continue
		case failures > 0:
			log.Info("changes of users told to the session store again")
			failures = 0
		}
		if more {
			continue
		}
		timer.Reset(every)
		select {
		case <-ctx.Done():
			return nil
		case <-waiting:
		case <-timer.C:
		}
	}
}

// pause doubles from 50 ms.
func pause(failures int) time.Duration {
	return min(relayBackoff, 50*time.Millisecond<<min(failures-1, 10))
}

// carry tells one batch. more says that the outbox may hold further rows.
func (r *Relay) carry(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, relayPatience)
	defer cancel()
	changes, err := r.Users.PendingChanges(ctx, relayBatch)
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
	told, err := r.tell(ctx, users)
	var done []int64
	for _, id := range told {
		done = append(done, rows[id]...)
	}
	if len(done) > 0 {
		err = errors.Join(err, r.Users.AckChanges(ctx, done...))
	}
	return len(changes) == relayBatch, err
}

// tell refreshes users and returns those that it reached. One that cannot be told holds nobody else up, unless the store
// is out of reach for all.
func (r *Relay) tell(ctx context.Context, users []string) (told []string, err error) {
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		next  int
	)
	for range min(relayWorkers, len(users)) {
		group.Go(func() {
			for {
				mu.Lock()
				if next == len(users) || outOfReach(err) {
					mu.Unlock()
					return
				}
				id := users[next]
				next++
				mu.Unlock()

				e := r.refresh(ctx, id)

				mu.Lock()
				if e == nil {
					told = append(told, id)
				} else {
					err = errors.Join(err, e)
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return told, err
}

func outOfReach(err error) bool {
	return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// refresh tells the session store who a user is now. The user is read after the row was, so what is told is never older
// than what the row stands for.
func (r *Relay) refresh(ctx context.Context, userID string) error {
	u, err := r.Users.User(ctx, userID)
	if errors.Is(err, ErrNotFound) { // deleted: later than every version
		return r.Sessions.RefreshIdentity(ctx, Identity{UserID: userID, Version: math.MaxInt64})
	}
	if err != nil {
		return err
	}
	return r.Sessions.RefreshIdentity(ctx, u.Identity())
}
