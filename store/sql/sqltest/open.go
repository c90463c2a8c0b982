package sqltest

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql"
)

// Open opens an empty SQLite store with sessions embedded. It has a file of its own.
func Open(t testing.TB, now func() time.Time) *sql.Store {
	t.Helper()
	return OpenFile(t, filepath.Join(t.TempDir(), "gatehouse.db"), now)
}

// OpenFile opens the SQLite database in file, as another gateway on this machine would.
func OpenFile(t testing.TB, file string, now func() time.Time) *sql.Store {
	t.Helper()
	s, err := sql.OpenSQLite(t.Context(), file, env(now))
	return closing(t, s, err)
}

// OpenPostgres opens the PostgreSQL database that dsn names, as another gateway would.
func OpenPostgres(t testing.TB, dsn string, now func() time.Time) *sql.Store {
	t.Helper()
	s, err := sql.OpenPostgres(t.Context(), dsn, env(now))
	return closing(t, s, err)
}

func env(now func() time.Time) store.Env {
	return store.Env{Now: now, Log: slog.New(slog.DiscardHandler)}
}

// closing closes s at the end of the test.
func closing(t testing.TB, s *sql.Store, err error) *sql.Store {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
