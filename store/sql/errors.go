package sql

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/store"
)

// sentinels are the errors of ours that pass through unchanged.
var sentinels = [...]error{store.ErrNotFound, store.ErrStale, store.ErrTaken, store.ErrClosed, store.ErrUnavailable,
	store.ErrLastAdministrator}

// fault turns whatever came of an act into what package store promises. A driver's own error is never wrapped: its
// text, without secrets, is all that leaves this package, so that no caller prints an address with a password in it.
func (s *Store) fault(ctx context.Context, act string, err error) error {
	if err == nil {
		return nil
	}
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			return fmt.Errorf("%s: %w", act, err)
		}
	}
	if errors.Is(err, stdsql.ErrNoRows) {
		return fmt.Errorf("%s: %w", act, store.ErrNotFound)
	}
	if s.closed.Load() {
		return fmt.Errorf("%s: %w", act, store.ErrClosed)
	}
	switch cause := ctx.Err(); {
	case errors.Is(cause, context.DeadlineExceeded): // the caller gave it so long and it did not answer in time
		return fmt.Errorf("%s: %w: %w", act, store.ErrUnavailable, cause)
	case cause != nil:
		return fmt.Errorf("%s: %w", act, cause)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w: no answer within %s", act, store.ErrUnavailable, s.limit)
	}
	text, down := s.d.isUnavailable(err)
	if down {
		return fmt.Errorf("%s: %w: %s", act, store.ErrUnavailable, text)
	}
	return fmt.Errorf("%s: %s", act, text)
}
