package sql

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// BenchmarkSession reads one session of many with its account: what a miss of the cache costs.
func BenchmarkSession(b *testing.B) {
	s, err := OpenSQLite(b.Context(), b.TempDir()+"/gatehouse.db", store.Env{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	sessions := s.EmbeddedSessions()
	const accounts = 200
	for i := range accounts {
		u := person(fmt.Sprint(i), "member")
		l := signInOf(u)
		if err := s.CreateUser(b.Context(), u); err != nil {
			b.Fatal(err)
		}
		if err := sessions.CreateSession(b.Context(), &l); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := sessions.Session(b.Context(), store.KeyOf([]byte(fmt.Sprint(i%accounts)))); err != nil {
			b.Fatal(err)
		}
	}
}

// full returns a number of rows at the share of the full size that loads have, as integration/run.sh sets it.
func full(rows int) int {
	share, err := strconv.ParseFloat(os.Getenv("GATEHOUSE_LOAD"), 64)
	if err != nil {
		return rows
	}
	return int(float64(rows) * share)
}

// BenchmarkUsers reads pages of 100,000 accounts as the users table shows them: a page, and how many there are.
func BenchmarkUsers(b *testing.B) {
	s, err := OpenSQLite(b.Context(), b.TempDir()+"/gatehouse.db", store.Env{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for first := 1; first < full(100_000); first += 2000 {
		err := s.write(b.Context(), "filling", func(ctx context.Context, tx querier) error {
			_, err := tx.ExecContext(ctx, `WITH RECURSIVE n (i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $1 + 1999)
				INSERT INTO users (id, username, email, confirmed, name, roles, attributes, enabled, approved, created,
				last_sign_in, version, search, invited, password_due) SELECT printf('%026d', i), printf('user%06d', i * 7919 % 1000000), printf('user%06d@example.com', i), 1,
				printf('Person %x', i * 2654435761 % 4294967296), '[]', '{}', 1, 1, i, i * 31 % 1000, 1,
				printf('user%06d@example.com', i) || char(10) || printf('user%06d', i * 7919 % 1000000) || char(10) ||
				printf('person %x', i * 2654435761 % 4294967296), 0, 0 FROM n`, first)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for _, text := range []string{"", "person", "user0999", "nobody at all", "zz", "3f"} {
		for _, by := range []store.UserSort{store.SortCreated, store.SortName, store.SortLastSignIn} {
			b.Run(fmt.Sprintf("text=%q/sort=%s", text, cmp.Or(string(by), "created")), func(b *testing.B) {
				var longest time.Duration
				for b.Loop() {
					begin := time.Now()
					q := store.UserQuery{Text: text, Sort: by, Desc: true, Limit: 50}
					if _, err := s.ListUsers(b.Context(), q); err != nil {
						b.Fatal(err)
					}
					if _, err := s.CountUsers(b.Context(), q, 1000); err != nil {
						b.Fatal(err)
					}
					longest = max(longest, time.Since(begin))
				}
				b.ReportMetric(float64(longest.Microseconds())/1000, "longest-ms")
			})
		}
	}
}
