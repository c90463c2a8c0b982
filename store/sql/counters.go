package sql

import (
	"context"
	"crypto/sha256"
	stdsql "database/sql"
	"errors"
	"time"
)

// counterKey is what a counter is kept under. Its name may hold whatever a stranger typed, of any length.
func counterKey(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

// Count adds one to a counter unless it is full. A call that finds it full writes nothing.
func (e *embedded) Count(ctx context.Context, name string, limit int, window time.Duration) (ok bool, left time.Duration, err error) {
	err = e.writeAlone(ctx, "counting", func(ctx context.Context, q querier) error {
		ok, left = false, window
		now, key := e.s.now(), counterKey(name)
		for range 2 { // again where the window ends between the two statements
			var until int64
			if limit > 0 {
				err := q.QueryRowContext(ctx, `INSERT INTO counters (key, count, until) VALUES ($1, 1, $2)
					ON CONFLICT (key) DO UPDATE SET
						count = CASE WHEN counters.until <= $3 THEN 1 ELSE counters.count + 1 END,
						until = CASE WHEN counters.until <= $3 THEN excluded.until ELSE counters.until END
					WHERE counters.until <= $3 OR counters.count < $4 RETURNING until`,
					key, now+window.Microseconds(), now, limit).Scan(&until)
				if err == nil {
					ok, left = true, time.Duration(until-now)*time.Microsecond
					return nil
				}
				if !errors.Is(err, stdsql.ErrNoRows) {
					return err
				}
			}
			err := q.QueryRowContext(ctx, `SELECT until FROM counters WHERE key = $1 AND until > $2`, key, now).Scan(&until)
			if err == nil {
				left = time.Duration(until-now) * time.Microsecond
				return nil
			}
			if !errors.Is(err, stdsql.ErrNoRows) {
				return err
			}
		}
		return nil // no room, and no window that could be named
	})
	return ok, left, err
}

// Release takes one back.
func (e *embedded) Release(ctx context.Context, name string) error {
	return e.writeAlone(ctx, "taking a count back", func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `UPDATE counters SET count = count - 1 WHERE key = $1 AND count > 0 AND until > $2`,
			counterKey(name), e.s.now())
		return err
	})
}
