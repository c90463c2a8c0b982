package sql

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// EndSession ends a sign-in with all its children.
func (e *embedded) EndSession(ctx context.Context, userID, id string) error {
	const name = "ending a session"
	if !storable(userID) || !storable(id) {
		return fmt.Errorf("%s: %w", name, store.ErrNotFound)
	}
	ended := 0
	err := e.change(ctx, name, func(ctx context.Context, tx querier) (_ string, err error) {
		ended, err = e.end(ctx, tx, `user_id = $1 AND id = $2`, userID, id)
		return userID, err
	})
	if err == nil && ended == 0 {
		return fmt.Errorf("%s: %w", name, store.ErrNotFound)
	}
	return err
}

// EndSessionsOf ends every sign-in of a user but one.
func (e *embedded) EndSessionsOf(ctx context.Context, userID, except string) (ended int, err error) {
	if !storable(userID) || !storable(except) {
		return 0, nil
	}
	err = e.change(ctx, "ending sessions", func(ctx context.Context, tx querier) (_ string, err error) {
		ended, err = e.end(ctx, tx, `user_id = $1 AND id <> $2`, userID, except)
		return userID, err
	})
	if err != nil {
		return 0, err
	}
	return ended, nil
}

// end removes sign-ins, and by the foreign key their children, and returns how many of them had not expired before.
func (e *embedded) end(ctx context.Context, tx querier, which string, args ...any) (ended int, err error) {
	rows, err := tx.QueryContext(ctx, `DELETE FROM sign_ins WHERE `+which+` RETURNING last_seen, idle, expires`, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var lastSeen, idle, expires int64
		if err := rows.Scan(&lastSeen, &idle, &expires); err != nil {
			return 0, err
		}
		s := store.Session{LastSeen: timeOf(lastSeen), Idle: time.Duration(idle) * time.Microsecond, Expires: timeOf(expires)}
		if !s.Expired(timeOf(e.s.now())) {
			ended++
		}
	}
	return ended, rows.Err()
}

// RefreshIdentity notifies the feed. There is no copy to refresh: identities are read from the account itself, and the
// change that made it inactive ended its sessions.
func (e *embedded) RefreshIdentity(ctx context.Context, id store.Identity) error {
	return e.change(ctx, "refreshing an identity", func(ctx context.Context, tx querier) (string, error) {
		_, err := tx.ExecContext(ctx, `DELETE FROM sign_ins WHERE user_id = $1
			AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = $1 AND u.enabled AND u.approved AND NOT u.password_due)`, id.UserID)
		return id.UserID, err
	})
}
