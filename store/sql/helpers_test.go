package sql

import (
	"context"
	"crypto/rand"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
)

// place is where a database is, and how to open it once more.
type place struct {
	name string
	open func(t *testing.T, env store.Env) (*Store, error)
}

// opened opens the database, and closes it with the test.
func (p place) opened(t *testing.T, now func() time.Time) *Store {
	t.Helper()
	s, err := p.open(t, store.Env{Now: now})
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

// dialects are all kinds of places; each call of fresh is another, empty database.
var dialects = []struct {
	name  string
	fresh func(t *testing.T) place
}{
	{"sqlite", freshSQLite},
	{"postgres", freshPostgres},
}

// suites are the same for conformance suites, which want some dozens of empty databases.
var suites = []struct {
	name  string
	fresh func(t *testing.T) func(t *testing.T) place
}{
	{"sqlite", func(*testing.T) func(*testing.T) place { return freshSQLite }},
	{"postgres", schemas},
}

func freshSQLite(t *testing.T) place {
	file := filepath.Join(t.TempDir(), "gatehouse.db")
	return place{"sqlite", func(t *testing.T, env store.Env) (*Store, error) { return OpenSQLite(t.Context(), file, env) }}
}

func freshPostgres(t *testing.T) place { return postgresAt(servers.FreshPostgres(t)) }

func postgresAt(dsn string) place {
	return place{"postgres", func(t *testing.T, env store.Env) (*Store, error) { return OpenPostgres(t.Context(), dsn, env) }}
}

// schemas gives each call an empty schema in one database, which is much quicker to make than a database.
func schemas(t *testing.T) func(t *testing.T) place {
	dsn := servers.FreshPostgres(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return func(t *testing.T) place {
		name := "s" + strings.ToLower(rand.Text())
		if _, err := conn.Exec(t.Context(), `CREATE SCHEMA `+name); err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("search_path", name)
		u.RawQuery = q.Encode()
		return postgresAt(u.String())
	}
}

// everywhere runs a test on every dialect.
func everywhere(t *testing.T, test func(t *testing.T, p place)) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) { test(t, d.fresh(t)) })
	}
}
