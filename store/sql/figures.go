package sql

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

var _ store.Figures = (*Store)(nil)

// hourOf returns the beginning of the hour of a time, in microseconds.
func hourOf(t time.Time) int64 { return micros(t.Truncate(time.Hour)) }

// tally counts events while they are stored.
type tally map[store.EventHour]int64

func (n tally) add(e store.AuditEvent) {
	n[store.EventHour{Hour: timeOf(hourOf(e.Time)), Kind: free(e.Kind), Result: free(e.Result)}] += int64(max(e.Times, 1))
}

// write adds what was counted, always in the same order: two gateways that store events at once must not wait for one
// another crosswise.
func (n tally) write(ctx context.Context, tx querier) error {
	order := func(a, b store.EventHour) int {
		return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Result, b.Result))
	}
	keys := make([]store.EventHour, 0, len(n))
	for k := range n {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, order)
	for _, k := range keys {
		_, err := tx.ExecContext(ctx, `INSERT INTO event_hours (hour, kind, result, count) VALUES ($1, $2, $3, $4)
			ON CONFLICT (hour, kind, result) DO UPDATE SET count = event_hours.count + excluded.count`,
			micros(k.Hour), k.Kind, k.Result, n[k])
		if err != nil {
			return err
		}
	}
	return nil
}

// EventHours returns how often what happened, by the hour.
func (s *Store) EventHours(ctx context.Context, since time.Time) (list []store.EventHour, err error) {
	err = s.rows(ctx, "counting events", `SELECT hour, kind, result, count FROM event_hours WHERE hour >= $1
		ORDER BY hour, kind, result`, []any{micros(since)}, func() { list = nil }, func(row scanner) error {
		var (
			h  store.EventHour
			at int64
		)
		err := row.Scan(&at, &h.Kind, &h.Result, &h.Count)
		h.Hour = timeOf(at)
		list = append(list, h)
		return err
	})
	return list, err
}

// EventUsers returns whom events were about. It reads the events of that kind since then.
func (s *Store) EventUsers(ctx context.Context, kind, result, reason string, since time.Time, limit int) (list []store.EventUser, err error) {
	if !storable(kind) || !storable(result) || !storable(reason) {
		return nil, nil
	}
	err = s.rows(ctx, "counting events of users", `SELECT user_id, MAX(username), COUNT(*), MAX(at) FROM audit
		WHERE kind = $1 AND at >= $2 AND result = $3 AND reason = $4 AND user_id <> ''
		GROUP BY user_id ORDER BY COUNT(*) DESC, user_id LIMIT $5`, []any{kind, micros(since), result, reason, limit},
		func() { list = nil }, func(row scanner) error {
			var (
				u  store.EventUser
				at int64
			)
			err := row.Scan(&u.UserID, &u.Username, &u.Count, &at)
			u.Last = timeOf(at)
			list = append(list, u)
			return err
		})
	return list, err
}

// SawSessions keeps the highest number of the hour.
func (s *Store) SawSessions(ctx context.Context, at time.Time, open int) error {
	return s.writeAlone(ctx, "noting how many sessions are open", func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO session_hours (hour, open) VALUES ($1, $2)
			ON CONFLICT (hour) DO UPDATE SET open = CASE WHEN excluded.open > session_hours.open THEN excluded.open
			ELSE session_hours.open END`, hourOf(at), open)
		return err
	})
}

// SessionHours returns how many sessions were seen open, by the hour.
func (s *Store) SessionHours(ctx context.Context, since time.Time) (list []store.SessionHour, err error) {
	err = s.rows(ctx, "reading how many sessions were open", `SELECT hour, open FROM session_hours WHERE hour >= $1 ORDER BY hour`,
		[]any{micros(since)}, func() { list = nil }, func(row scanner) error {
			var (
				h  store.SessionHour
				at int64
			)
			err := row.Scan(&at, &h.Open)
			h.Hour = timeOf(at)
			list = append(list, h)
			return err
		})
	return list, err
}

// CountRoles counts sets of roles, of which there are few, in place of accounts.
func (s *Store) CountRoles(ctx context.Context, held func([]string) []string) (counts map[string]store.RoleCount, err error) {
	add := func(role string, assigned, held int) {
		c := counts[role]
		counts[role] = store.RoleCount{Assigned: c.Assigned + assigned, Held: c.Held + held}
	}
	err = s.rows(ctx, "counting roles", `SELECT roles, given_roles, COUNT(*) FROM users GROUP BY roles, given_roles`, nil,
		func() { counts = map[string]store.RoleCount{} }, func(row scanner) error {
			var (
				assigned, given string
				n               int
				u               store.User
			)
			err := row.Scan(&assigned, &given, &n)
			if err == nil {
				u.Roles, err = decodeRoles(assigned)
			}
			if err == nil {
				u.GivenRoles, err = decodeRoles(given)
			}
			if err != nil {
				return err
			}
			for _, role := range u.Roles {
				add(role, n, 0)
			}
			for _, role := range held(u.InForce()) {
				add(role, 0, n)
			}
			return nil
		})
	return counts, err
}

// rows reads every row of a query; begin forgets what an attempt before has read.
func (s *Store) rows(ctx context.Context, name, query string, args []any, begin func(), each func(scanner) error) error {
	return s.read(ctx, name, func(ctx context.Context, db querier) error {
		begin()
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := each(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}
