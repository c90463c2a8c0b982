package sql

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	pageOfEvents    = 100
	maxPageOfEvents = 1000
)

const auditColumns = `id, at, kind, result, reason, actor, user_id, username, method, session, address, host`

// purgeAudit stands beside the others of its kind, but only the host knows how long the trail is kept.
const purgeAudit = `DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY at, id LIMIT $2)`

// What is counted by the hour is kept as long. An hour goes when its first event does.
const (
	purgeEventHours = `DELETE FROM event_hours WHERE (hour, kind, result) IN
		(SELECT hour, kind, result FROM event_hours WHERE hour < $1 ORDER BY hour LIMIT $2)`
	purgeSessionHours = `DELETE FROM session_hours WHERE hour IN (SELECT hour FROM session_hours WHERE hour < $1 ORDER BY hour LIMIT $2)`
)

// AppendEvents stores all of events or none.
func (s *Store) AppendEvents(ctx context.Context, events []store.AuditEvent) error {
	return s.appendEvents(ctx, events, nil)
}

// appendEvents calls stored, in the same transaction, for every event that was not there before. stored may be nil.
func (s *Store) appendEvents(ctx context.Context, events []store.AuditEvent, stored func(ctx context.Context, tx querier, e store.AuditEvent) error) error {
	if len(events) == 0 {
		return nil
	}
	return s.write(ctx, "storing audit events", func(ctx context.Context, tx querier) error {
		counted := tally{}
		for _, e := range events {
			res, err := tx.ExecContext(ctx, `INSERT INTO audit (`+auditColumns+`)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
				free(e.ID), micros(e.Time), free(e.Kind), free(e.Result), free(e.Reason), free(e.Actor), free(e.UserID),
				free(e.Username), free(e.Method), free(e.Session), free(e.Address), free(e.Host))
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			if n == 0 {
				continue // it was stored already
			}
			counted.add(e)
			if stored != nil {
				if err := stored(ctx, tx, e); err != nil {
					return err
				}
			}
		}
		return counted.write(ctx, tx)
	})
}

// ListEvents returns a page of events, newest first.
func (s *Store) ListEvents(ctx context.Context, q store.AuditQuery) (events []store.AuditEvent, err error) {
	query, args, ok := auditQuery(q)
	if !ok {
		return nil, nil
	}
	err = s.read(ctx, "listing audit events", func(ctx context.Context, db querier) error {
		events = nil
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			e, err := scanEvent(rows)
			if err != nil {
				return err
			}
			events = append(events, e)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return events, nil
}

// scanEvent reads auditColumns and what more is asked for after them.
func scanEvent(row scanner, more ...any) (e store.AuditEvent, err error) {
	var at int64
	err = row.Scan(append([]any{&e.ID, &at, &e.Kind, &e.Result, &e.Reason, &e.Actor, &e.UserID, &e.Username, &e.Method,
		&e.Session, &e.Address, &e.Host}, more...)...)
	e.Time = timeOf(at)
	return e, err
}

// auditQuery is not ok where no event can match.
func auditQuery(q store.AuditQuery) (query string, args []any, ok bool) {
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	var where []string
	for _, f := range [...]struct{ column, value string }{
		{"kind", q.Kind}, {"result", q.Result}, {"actor", q.Actor}, {"user_id", q.UserID}, {"username", q.Username}, {"address", q.Address},
	} {
		if !storable(f.value) {
			return "", nil, false
		}
		if f.value != "" {
			// The constant condition is what lets a database use the index, which leaves empty values out.
			where = append(where, f.column+` = `+arg(f.value)+` AND `+f.column+` <> ''`)
		}
	}
	if !q.Since.IsZero() {
		where = append(where, `at >= `+arg(micros(q.Since)))
	}
	if !q.Until.IsZero() {
		where = append(where, `at < `+arg(micros(q.Until)))
	}
	if q.After != (store.AuditCursor{}) {
		if !storable(q.After.ID) {
			return "", nil, false
		}
		where = append(where, `(at, id) < (`+arg(micros(q.After.Time))+`, `+arg(q.After.ID)+`)`)
	}
	query = `SELECT ` + auditColumns + ` FROM audit`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = pageOfEvents
	}
	return query + ` ORDER BY at DESC, id DESC LIMIT ` + arg(min(limit, maxPageOfEvents)), args, true
}

// PurgeEvents forgets what happened before that time.
func (s *Store) PurgeEvents(ctx context.Context, before time.Time) error {
	for _, query := range []string{purgeAudit, purgeEventHours, purgeSessionHours} {
		if err := s.purgeAll(ctx, query, micros(before)); err != nil {
			return err
		}
	}
	return nil
}
