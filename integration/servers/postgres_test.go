package servers_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

func TestPostgresKeepsItsDataAndAddressWhenKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	s := servers.StartPostgres(t)
	query(t, s.URL, "CREATE TABLE t AS SELECT 7 AS n")
	for _, end := range []func(){s.Kill, s.Stop} {
		end()
		if _, err := pgx.Connect(t.Context(), s.URL); err == nil || s.Running() {
			t.Fatal("a stopped server answered")
		}
		s.Start()
		if got := query(t, s.URL, "SELECT n FROM t"); got != 7 {
			t.Fatalf("after the restart: %d", got)
		}
	}
}

func TestPausedPostgresFreezesOpenConnectionsToo(t *testing.T) {
	t.Parallel()
	s := servers.StartPostgres(t)
	conn, err := pgx.Connect(t.Context(), s.URL)
	mustDo(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	s.Pause()
	answered := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "SELECT 1")
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Fatalf("a paused server answered: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	s.Resume()
	mustDo(t, <-answered)
}

func TestFreshPostgresIsEmptyOnesOwnAndGoneAfterwards(t *testing.T) {
	t.Parallel()
	servers.Postgres(t) // without a server the whole test is skipped, not its parts
	var used string
	t.Run("used", func(t *testing.T) {
		a, b := servers.FreshPostgres(t), servers.FreshPostgres(t)
		query(t, a, "CREATE TABLE t AS SELECT 7 AS n")
		if n := query(t, b, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); n != 0 {
			t.Errorf("%d tables in a fresh database", n)
		}
		// still connected when the test ends, as a leaking test would be
		_, err := pgx.Connect(t.Context(), a)
		mustDo(t, err)
		used = a
	})
	if _, err := pgx.Connect(t.Context(), used); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("the database of an ended test: %v", err)
	}
}

// query returns the single number that a statement answers, or 0.
func query(t *testing.T, dsn, statement string) int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	mustDo(t, err)
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), statement)
	mustDo(t, err)
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int])
	mustDo(t, err)
	if len(numbers) == 0 {
		return 0
	}
	return numbers[0]
}
