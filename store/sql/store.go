package sql

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/feed"
)

// heartbeat is how often a watcher makes sure that it hears everything, silence how long it may hear nothing.
const (
	heartbeat = 250 * time.Millisecond
	silence   = 750 * time.Millisecond
)

// answerWithin bounds every call whose caller is more patient: a server that hangs must not hang its callers.
const answerWithin = 5 * time.Second

// Store is an open database. It implements [store.UserStore], [store.SessionHost], [store.Outbox], [store.Audit] and
// [store.Deliveries].
type Store struct {
	d     dialect
	env   store.Env
	limit time.Duration

	reader *stdsql.DB
	writer *stdsql.DB // the same as reader where the database queues writers itself
	after  func()     // releases what lies under the pools

	prepared prepared
	hub      *feed.Hub     // subscribers of the feed
	kick     chan struct{} // something was committed that the watcher should look at now
	waiting  chan struct{} // what ChangesWaiting returns

	closed  atomic.Bool
	closing sync.Once
	stop    context.CancelFunc // ends the watcher and the purge
	running sync.WaitGroup
}

var (
	_ store.UserStore   = (*Store)(nil)
	_ store.SessionHost = (*Store)(nil)
	_ store.Audit       = (*Store)(nil)
	_ store.Deliveries  = (*Store)(nil)
)

func newStore(d dialect, env store.Env, reader, writer *stdsql.DB) *Store {
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	if env.Now == nil {
		env.Now = time.Now
	}
	return &Store{d: d, env: env, limit: answerWithin, reader: reader, writer: writer,
		hub: &feed.Hub{Silence: silence}, kick: make(chan struct{}, 1), waiting: make(chan struct{}, 1)}
}

// start runs what works in the background until Close. watch is the dialect's: it feeds the hub and waiting.
func (s *Store) start(watch func(context.Context)) {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.running.Go(func() { watch(ctx) })
	s.running.Go(func() { s.purgeUntil(ctx) })
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, "asking the users store", func(ctx context.Context, q querier) error {
		var one int
		return q.QueryRowContext(ctx, `SELECT 1`).Scan(&one)
	})
}

// Close ends what runs in the background, tells subscribers that nothing is vouched for any more, and releases the
// database. Calls under way end with an error or finish.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() {
		s.closed.Store(true)
		if s.stop != nil {
			s.stop()
		}
		s.running.Wait()
		s.hub.Close()
		close(s.waiting)
		s.prepared.close()
		err = s.reader.Close()
		if s.writer != s.reader {
			err = errors.Join(err, s.writer.Close())
		}
		if s.after != nil {
			s.after()
		}
		if err != nil {
			text, _ := s.d.isUnavailable(err)
			err = fmt.Errorf("closing the users store: %s", text)
		}
	})
	return err
}

// act is the work of one call.
type act func(ctx context.Context, q querier) error

// read runs f outside any transaction.
func (s *Store) read(ctx context.Context, name string, f act) error {
	return s.bounded(ctx, name, func(ctx context.Context) error { return f(ctx, s.preparing()) })
}

// write runs f in one transaction, which holds the right to write from its beginning where the database has only one
// such right. f may run more than once and must leave nothing behind outside the database unless it succeeds.
func (s *Store) write(ctx context.Context, name string, f act) error {
	return s.bounded(ctx, name, func(ctx context.Context) error { return s.transact(ctx, f) })
}

// writeAlone runs f, which is a single statement, in as few round trips as the database allows.
func (s *Store) writeAlone(ctx context.Context, name string, f act) error {
	if !s.d.autocommits() {
		return s.write(ctx, name, f)
	}
	return s.bounded(ctx, name, func(ctx context.Context) error { return f(ctx, s.writer) })
}

func (s *Store) bounded(ctx context.Context, name string, f func(context.Context) error) error {
	if s.closed.Load() {
		return fmt.Errorf("%s: %w", name, store.ErrClosed)
	}
	if err := ctx.Err(); err != nil {
		return s.fault(ctx, name, err)
	}
	limited, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	return s.fault(ctx, name, f(limited))
}

// transact tries again what the database broke off only because two transactions met.
func (s *Store) transact(ctx context.Context, f act) error {
	for try := 1; ; try++ {
		err := s.once(ctx, f)
		if err == nil || try == 5 || ctx.Err() != nil || !s.d.isTransient(err) {
			return err
		}
	}
}

func (s *Store) once(ctx context.Context, f act) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(ctx, tx); err != nil {
		_ = tx.Rollback() // the first error is the one to tell
		return err
	}
	return tx.Commit()
}

// told wakes the watcher of this process after a commit that the feed or the outbox was part of.
func (s *Store) told() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}
