package store

import (
	"errors"
	"fmt"
)

// Sentinels that every driver returns, wrapped or not, so that callers test with errors.Is. Anything else that a driver
// returns means "we failed": callers answer 503 and let nothing through.
var (
	// ErrNotFound: there is no such record, or it has expired, or it was taken. Nothing is wrong with the store.
	ErrNotFound = errors.New("not found")

	// ErrStale: the record was changed since the caller read it (its Version moved on). Read again, decide again.
	ErrStale = errors.New("changed since it was read")

	// ErrTaken: a unique value belongs to someone else. A *TakenError says which.
	ErrTaken = errors.New("already taken")

	// ErrClosed: the store was closed, as on a reload, while the caller still held it.
	ErrClosed = errors.New("store is closed")

	// ErrUnavailable: the store cannot be reached, or did not answer in time.
	ErrUnavailable = errors.New("store is unavailable")

	// ErrReplayed: an old secret of a session was shown long after it was replaced. It comes as a *ReplayedError.
	ErrReplayed = errors.New("an old secret of the session was shown")

	// ErrLastAdministrator: the change would leave no enabled account with the role admin.
	ErrLastAdministrator = errors.New("the last administrator stays")
)

// TakenError tells which unique field of a User is in use. errors.Is(err, ErrTaken) holds.
type TakenError struct {
	Field string // "email" or "username"
}

func (e *TakenError) Error() string { return fmt.Sprintf("%s is already taken", e.Field) }

// Is makes a TakenError match ErrTaken.
func (e *TakenError) Is(target error) bool { return target == ErrTaken }

// ReplayedError says that someone has a copy of a session's secret, and whose the session was: it has been ended. It is
// ErrReplayed, and ErrNotFound too: to all who do not ask, there is no such session.
type ReplayedError struct {
	Session ActiveSession
}

func (e *ReplayedError) Error() string {
	return "session " + e.Session.Session.RootID() + ": " + ErrReplayed.Error()
}

// Is makes a ReplayedError match ErrReplayed and ErrNotFound.
func (e *ReplayedError) Is(target error) bool { return target == ErrReplayed || target == ErrNotFound }
