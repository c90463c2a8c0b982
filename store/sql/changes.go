package sql

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/store"
)

// tellChange writes the row of the outbox and the word to the feed that belong to a change of a user, as part of the
// change's own transaction.
func (s *Store) tellChange(ctx context.Context, tx querier, userID string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO changes (user_id, at) VALUES ($1, $2)`, userID, s.now())
	if err != nil {
		return err
	}
	if err := s.d.wake(ctx, tx); err != nil {
		return err
	}
	return s.d.tell(ctx, tx, userID, s.env.Now())
}

// PendingChanges returns up to limit rows of the outbox, oldest first.
func (s *Store) PendingChanges(ctx context.Context, limit int) (changes []store.Change, err error) {
	err = s.read(ctx, "reading the outbox", func(ctx context.Context, q querier) error {
		changes = nil
		rows, err := q.QueryContext(ctx, `SELECT seq, user_id FROM changes ORDER BY seq LIMIT $1`, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c store.Change
			if err := rows.Scan(&c.Seq, &c.UserID); err != nil {
				return err
			}
			changes = append(changes, c)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return changes, nil
}

// AckChanges forgets rows of the outbox.
func (s *Store) AckChanges(ctx context.Context, seqs ...int64) error {
	if len(seqs) == 0 {
		return nil
	}
	return s.write(ctx, "clearing the outbox", func(ctx context.Context, tx querier) error {
		for _, seq := range seqs {
			if _, err := tx.ExecContext(ctx, `DELETE FROM changes WHERE seq = $1`, seq); err != nil {
				return err
			}
		}
		return nil
	})
}

// ChangesWaiting receives a value soon after rows of the outbox were committed, by this process or another. It is
// closed with the store.
func (s *Store) ChangesWaiting() <-chan struct{} { return s.waiting }

// changesWait is called by the watcher alone.
func (s *Store) changesWait() {
	select {
	case s.waiting <- struct{}{}:
	default:
	}
}
