package sql

import (
	"path/filepath"
	"testing"
	"time"

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

func freshSQLite(t *testing.T) place {
	file := filepath.Join(t.TempDir(), "gatehouse.db")
	return place{"sqlite", func(t *testing.T, env store.Env) (*Store, error) { return OpenSQLite(t.Context(), file, env) }}
}

func freshPostgres(t *testing.T) place {
	dsn := servers.FreshPostgres(t)
	return place{"postgres", func(t *testing.T, env store.Env) (*Store, error) { return OpenPostgres(t.Context(), dsn, env) }}
}

// everywhere runs a test on every dialect.
func everywhere(t *testing.T, test func(t *testing.T, p place)) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) { test(t, d.fresh(t)) })
	}
}
