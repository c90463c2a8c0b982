package sql

import (
	"context"
	stdsql "database/sql"
	"errors"
	"time"

	"github.com/gatehouse-auth/gatehouse/internal/loop"
)

// watchSQLite reads the feed and the outbox whenever something was committed: at once for this process, which says so,
// and within a heartbeat for others, whose commits change data_version.
func (s *Store) watchSQLite(ctx context.Context) {
	w := sqliteWatcher{s: s}
	defer w.release()
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	outage := s.watchOutage()
	for {
		switch err := w.poll(ctx); {
		case ctx.Err() != nil:
			return
		case err != nil:
			w.release()
			s.hub.Down()
			text, _ := s.d.isUnavailable(err)
			outage.Failed(errors.New(text))
		default:
			outage.Worked()
			s.hub.Alive()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-s.kick:
		}
	}
}

// watchOutage logs, once, that a watcher is deaf, and that it hears again.
func (s *Store) watchOutage() *loop.Outage {
	return &loop.Outage{Log: s.env.Log, Severe: true,
		Failing: "the users store cannot be watched for changes",
		Working: "the users store is watched for changes again"}
}

// sqliteWatcher owns one connection, because data_version tells a connection what others did since it last asked.
type sqliteWatcher struct {
	s       *Store
	conn    *stdsql.Conn
	version int64
	feed    int64 // number of the last row told
	changes int64 // number of the last row of the outbox that someone was woken for
	begun   bool  // feed is meaningful
}

func (w *sqliteWatcher) release() {
	if w.conn != nil {
		_ = w.conn.Close() // goes back to the pool; a broken one is dropped there
		w.conn = nil
	}
}

func (w *sqliteWatcher) poll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.s.limit)
	defer cancel()
	fresh := w.conn == nil
	if fresh {
		conn, err := w.s.reader.Conn(ctx)
		if err != nil {
			return err
		}
		w.conn = conn
	}
	var version int64
	if err := w.conn.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&version); err != nil {
		return err
	}
	if version == w.version && !fresh {
		return nil
	}
	if err := w.readFeed(ctx); err != nil {
		return err
	}
	if err := w.readChanges(ctx); err != nil {
		return err
	}
	w.version = version // only now: what failed half-way is read again
	return nil
}

// readFeed tells every row since the last. Rows are numbered without gaps, so that missing ones, pruned while this
// process was stopped, are noticed: then nothing that was read before can be vouched for.
func (w *sqliteWatcher) readFeed(ctx context.Context) error {
	head, err := w.number(ctx, `SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'feed'), 0)`)
	if err != nil {
		return err
	}
	if !w.begun { // subscribers are told from here on
		w.feed, w.begun = head, true
	}
	if head == w.feed {
		return nil
	}
	rows, err := w.conn.QueryContext(ctx, `SELECT user_id FROM feed WHERE seq > $1 AND seq <= $2 ORDER BY seq`, w.feed, head)
	if err != nil {
		return err
	}
	defer rows.Close()
	var users []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		users = append(users, id)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if int64(len(users)) != head-w.feed {
		w.s.hub.Down() // the heartbeat after this poll brings it up again
	}
	for _, id := range users {
		w.s.hub.Changed(id)
	}
	w.feed = head
	return nil
}

func (w *sqliteWatcher) readChanges(ctx context.Context) error {
	last, err := w.number(ctx, `SELECT COALESCE(MAX(seq), 0) FROM changes`)
	if err == nil && last > w.changes {
		w.changes = last
		w.s.changesWait()
	}
	return err
}

func (w *sqliteWatcher) number(ctx context.Context, query string) (n int64, err error) {
	err = w.conn.QueryRowContext(ctx, query).Scan(&n)
	return n, err
}
