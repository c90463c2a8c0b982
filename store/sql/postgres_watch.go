package sql

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gatehouse-auth/gatehouse/internal/loop"
)

// reconnect is how long to wait between tries to connect again.
var reconnect = loop.Backoff{First: 100 * time.Millisecond, Longest: 5 * time.Second}

// watchPostgres listens, and connects again for as long as it takes.
func (s *Store) watchPostgres(ctx context.Context, config *pgx.ConnConfig) {
	outage := s.watchOutage()
	for ctx.Err() == nil {
		err := s.listen(ctx, listenConfig(config), outage.Worked)
		s.hub.Down()
		if ctx.Err() != nil {
			return
		}
		text, _ := s.d.isUnavailable(err)
		loop.Wait(ctx, reconnect.Pause(outage.Failed(errors.New(text))), nil)
	}
}

// listen holds one connection until it fails, and calls well whenever everything has been heard. Its heartbeat is a
// NOTIFY to itself: PostgreSQL delivers notifications in the order of their commits, so that one that comes back proves
// that everything committed before it has been heard.
func (s *Store) listen(ctx context.Context, config *pgx.ConnConfig, well func()) error {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), silence)
		defer cancel()
		_ = conn.Close(closing) // it may be broken; the server notices
	}()
	own := "gatehouse_beat_" + strings.ToLower(rand.Text())
	if err := short(ctx, conn, `LISTEN `+feedChannel+`; LISTEN `+changesChannel+`; LISTEN `+own); err != nil {
		return err
	}
	s.changesWait() // rows may have been committed while no connection listened
	var (
		beat int64
		sent time.Time
	)
	for back := true; ; {
		switch since := time.Since(sent); {
		case back && since >= heartbeat:
			beat, sent, back = beat+1, time.Now(), false
			if err := short(ctx, conn, `NOTIFY `+own+`, '`+strconv.FormatInt(beat, 10)+`'`); err != nil {
				return err
			}
		case !back && since >= answerWithin:
			return errors.New("the heartbeat did not come back") // behind a pooler that parts sessions, never
		}
		wait := heartbeat
		if back {
			wait = max(heartbeat-time.Since(sent), time.Millisecond)
		}
		n, err := within(ctx, wait, conn.WaitForNotification)
		switch {
		case err != nil && (ctx.Err() != nil || conn.IsClosed() || !errors.Is(err, context.DeadlineExceeded)):
			return err
		case err != nil: // nothing to hear
		case n.Channel == feedChannel:
			s.hub.Changed(n.Payload)
		case n.Channel == changesChannel:
			s.changesWait()
		case n.Channel == own && n.Payload == strconv.FormatInt(beat, 10):
			back = true
			if time.Since(sent) < silence { // else it only proves how things stood long ago
				well()
				s.hub.Alive()
			}
		}
	}
}

func within[T any](ctx context.Context, d time.Duration, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return f(ctx)
}

func short(ctx context.Context, conn *pgx.Conn, query string) error {
	_, err := within(ctx, answerWithin, func(ctx context.Context) (struct{}, error) {
		_, err := conn.Exec(ctx, query)
		return struct{}{}, err
	})
	return err
}
