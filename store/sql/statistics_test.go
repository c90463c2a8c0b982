package sql

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

func TestStatisticsKeepTheContract(t *testing.T) {
	for _, d := range suites {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			fresh := d.fresh(t)
			storetest.Statistics(t, func(t *testing.T) storetest.UsersHarness {
				p := fresh(t)
				return storetest.UsersHarness{Open: func(t *testing.T, now func() time.Time) store.UserStore {
					return p.opened(t, now)
				}}
			})
		})
	}
}

// What the overview asks for must not read all that there is.
func TestStatisticsAreFoundByTheirIndexes(t *testing.T) {
	s := freshSQLite(t).opened(t, nil)
	plan := func(query string, args ...any) string {
		t.Helper()
		rows, err := s.reader.QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var out []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			out = append(out, detail)
		}
		return strings.Join(out, "\n")
	}
	listed := func(q store.UserQuery) string {
		b, err := s.selection(t.Context(), s.reader, q)
		if err != nil {
			t.Fatal(err)
		}
		return plan(b.page(q, userOrders[q.Sort], ""), b.args...)
	}
	no := false
	for want, got := range map[string]string{
		"PRIMARY KEY (hour>?)":                plan(`SELECT hour, kind, result, count FROM event_hours WHERE hour >= $1 ORDER BY hour, kind, result`, 1),
		"audit_kind (kind=? AND at>":          plan(`SELECT user_id, COUNT(*) FROM audit WHERE kind = $1 AND at >= $2 AND user_id <> '' GROUP BY user_id`, "a", 1),
		"USING COVERING INDEX users_by_roles": plan(`SELECT roles, COUNT(*) FROM users GROUP BY roles`),
		"INDEX users_unapproved":              listed(store.UserQuery{Approved: &no}),
		"SEARCH r USING PRIMARY KEY (role=?)": listed(store.UserQuery{Role: "writer", Sort: store.SortName}),
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// BenchmarkStatistics reads what the overview and the page of roles show, with a million events and 100,000 accounts.
func BenchmarkStatistics(b *testing.B) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	s, err := OpenSQLite(b.Context(), b.TempDir()+"/gatehouse.db", store.Env{Now: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	month := 30 * 24 * time.Hour
	for i := range full(100) {
		err := s.write(b.Context(), "filling", func(ctx context.Context, tx querier) error {
			_, err := tx.ExecContext(ctx, `WITH RECURSIVE n (i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $1 + 9999)
				INSERT INTO audit SELECT printf('%026d', i), $2 + i * 2592000, 'sign_in', CASE i % 3 WHEN 0 THEN 'refused' ELSE 'ok' END,
				CASE i % 3 WHEN 0 THEN 'too_many_attempts' ELSE '' END, '', printf('user%d', i % 1000), '', '', '', '', '' FROM n`,
				i*10_000, micros(now.Add(-month)))
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for _, query := range []string{
		`INSERT INTO event_hours SELECT at - at % 3600000000, kind, result, COUNT(*) FROM audit GROUP BY 1, 2, 3`,
		`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ` + strconv.Itoa(full(100_000)-1) + `)
				INSERT INTO users (id, username, email, confirmed, name, roles, attributes, enabled, approved, created,
				last_sign_in, version, search, invited, password_due) SELECT printf('%026d', i), printf('user%d', i), printf('user%d@example.com', i), 1, 'Person',
				printf('["member","team%d"]', i % 50), '{}', 1, i % 10000 <> 0, i, 0, 1, '', 0, 0 FROM n`,
		`INSERT INTO user_roles SELECT 'member', id FROM users`,
		`INSERT INTO user_roles SELECT json_extract(roles, '$[1]'), id FROM users`,
	} {
		if _, err := s.writer.ExecContext(b.Context(), query); err != nil {
			b.Fatal(err)
		}
	}
	no := false
	run := func(name string, do func() error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("a month of events", func() error {
		_, err := s.EventHours(b.Context(), now.Add(-month))
		return err
	})
	run("users of an hour", func() error {
		_, err := s.EventUsers(b.Context(), "sign_in", "refused", "too_many_attempts", now.Add(-time.Hour), 20)
		return err
	})
	run("who waits", func() error {
		_, err := s.CountUsers(b.Context(), store.UserQuery{Approved: &no}, 0)
		return err
	})
	run("roles", func() error {
		_, err := s.CountRoles(b.Context(), func(held []string) []string { return held })
		return err
	})
	for _, role := range []string{"member", "team7", "nobody"} {
		run(fmt.Sprintf("holders of %s", role), func() error {
			_, err := s.ListUsers(b.Context(), store.UserQuery{Role: role, Sort: store.SortName, Limit: 50})
			return err
		})
	}
}
