package store

import (
	"context"
	"time"
)

// Tickets keeps what may be used once. Purpose and key name a ticket together: a ticket of one purpose is unknown to
// every other.
type Tickets interface {
	// PutTicket stores payload until the deadline. A ticket with the same purpose and key is ErrTaken.
	PutTicket(ctx context.Context, purpose string, key Key, payload []byte, deadline time.Time) error

	// TakeTicket returns the payload and forgets the ticket in one step: of any number of racing callers one gets it,
	// the others ErrNotFound.
	TakeTicket(ctx context.Context, purpose string, key Key) ([]byte, error)
}

// Counters counts guesses in windows that begin with the first guess.
type Counters interface {
	// Count adds one to the counter name, unless it has reached limit already, and returns whether there was room and how
	// long the window still lasts. It is one atomic step: of any number of racing callers, limit find room.
	Count(ctx context.Context, name string, limit int, window time.Duration) (ok bool, left time.Duration, err error)

	// Release takes one back, never below zero, never beyond its window.
	Release(ctx context.Context, name string) error
}

// Feed tells every instance whose cached sessions must be read again.
type Feed interface {
	// Subscribe calls changed with the id of every user whose sessions changed or ended, and state with true once
	// everything from now on will be told and with false as soon as that can no longer be vouched for: no heartbeat for
	// 750 ms. Calls come one at a time, in order, until cancel is called; cancel waits for the last to return.
	// The first state(true) comes before any changed.
	Subscribe(changed func(userID string), state func(up bool)) (cancel func())
}

// SessionStore is what a driver of the session store opens.
type SessionStore interface {
	Sessions
	Tickets
	Counters
	Feed

	// Ping says whether the store answers.
	Ping(ctx context.Context) error
	// Close flushes and releases. Every later call returns ErrClosed.
	Close() error
}

// SelfRefreshing is an optional ability of a SessionStore in the database of the users store: whatever commits a row of
// Changes ends the sessions that must end and tells Feed in the same transaction, and sessions are read with the
// identity as it is. RefreshIdentity after such a change would only tell it a second time.
type SelfRefreshing interface {
	RefreshesItself() bool
}

// RefreshesItself reports whether s is a SelfRefreshing store that does so.
func RefreshesItself(s Sessions) bool {
	self, ok := s.(SelfRefreshing)
	return ok && self.RefreshesItself()
}
