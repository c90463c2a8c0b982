package sql

import (
	"context"
	"time"
)

const (
	// purgeEvery is how often what is over is removed.
	purgeEvery = time.Minute
	// purgeBatch bounds one transaction, so that no caller waits long for it.
	purgeBatch = 500
	// feedKept is how long another process may be stopped and still be told who changed rather than that it missed it.
	feedKept = time.Minute
)

// purges remove a batch of what can never be seen again. $1 is the time, $2 the size of the batch. The condition stands
// twice: PostgreSQL looks again at a row that someone else was writing by the outer one only.
var purges = [...]string{
	`DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE expires <= $1 LIMIT $2) AND expires <= $1`,
	`DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE idle > 0 AND last_seen + idle <= $1 LIMIT $2)
		AND idle > 0 AND last_seen + idle <= $1`,
	`DELETE FROM tickets WHERE (purpose, key) IN (SELECT purpose, key FROM tickets WHERE deadline <= $1 LIMIT $2)
		AND deadline <= $1`,
	`DELETE FROM counters WHERE key IN (SELECT key FROM counters WHERE until <= $1 LIMIT $2) AND until <= $1`,
	`DELETE FROM credentials WHERE (kind, id) IN
		(SELECT kind, id FROM credentials WHERE expires > 0 AND expires <= $1 LIMIT $2) AND expires > 0 AND expires <= $1`,
}

// purgeFeed forgets rows that every process has had the time to read.
const purgeFeed = `DELETE FROM feed WHERE seq IN (SELECT seq FROM feed WHERE at <= $1 ORDER BY seq LIMIT $2)`

func (s *Store) purgeUntil(ctx context.Context) {
	ticker := time.NewTicker(purgeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := s.purge(ctx); err != nil && ctx.Err() == nil {
			s.env.Log.Warn("what has expired was not removed; it is tried again in a minute", "error", err)
		}
	}
}

func (s *Store) purge(ctx context.Context) error {
	for _, query := range purges {
		if err := s.purgeAll(ctx, query, s.now()); err != nil {
			return err
		}
	}
	if _, notify := s.d.(postgresDialect); notify {
		return nil
	}
	return s.purgeAll(ctx, purgeFeed, micros(s.env.Now().Add(-feedKept)))
}

func (s *Store) purgeAll(ctx context.Context, query string, before int64) error {
	for {
		var n int64
		err := s.write(ctx, "removing what has expired", func(ctx context.Context, tx querier) error {
			res, err := tx.ExecContext(ctx, query, before, purgeBatch)
			if err != nil {
				return err
			}
			n, err = res.RowsAffected()
			return err
		})
		if err != nil || n < purgeBatch {
			return err
		}
	}
}
