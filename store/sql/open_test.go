package sql

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

func TestTheFileIsForItsOwnerAlone(t *testing.T) {
	data := filepath.Join(t.TempDir(), "caddy", "gatehouse")
	s, err := OpenSQLite(t.Context(), "", store.Env{DataDir: data})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.CreateUser(t.Context(), person("ann")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"": 0o700 | fs.ModeDir, "gatehouse.db": 0o600, "gatehouse.db-wal": 0o600,
		"gatehouse.db-shm": 0o600} {
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%q has mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestFileNamesHaveNoSpecialCharacters(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a b.db", "q?mode=memory", "100%25.db", "h#ash.db", "ünï.db", "'quote\".db", "-dash"} {
		file := filepath.Join(dir, name)
		s, err := OpenSQLite(t.Context(), file, store.Env{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		err = errors.Join(s.CreateUser(t.Context(), person("ann")), s.Close())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if info, err := os.Stat(file); err != nil || info.Size() == 0 {
			t.Fatalf("%s: %v, %v", name, info, err)
		}
	}
}

func TestWhatIsNoDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database at all\n", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{dir, text, filepath.Join(text, "below.db")} {
		s, err := OpenSQLite(t.Context(), file, store.Env{})
		if err == nil {
			t.Fatalf("%s was opened: %v", file, s.Close())
		}
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", file, err)
		}
	}
	if _, err := OpenSQLite(t.Context(), "", store.Env{}); err == nil {
		t.Error("no name and no folder was opened")
	}
}

func TestGatewaysThatStartAtOnceMigrateOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		stores := make([]*Store, 8)
		errs := make([]error, len(stores))
		var opening sync.WaitGroup
		for i := range stores {
			opening.Go(func() { stores[i], errs[i] = p.open(t, store.Env{}) })
		}
		opening.Wait()
		for i, s := range stores {
			if errs[i] != nil {
				t.Error(errs[i])
				continue
			}
			defer s.Close()
		}
		if t.Failed() {
			return
		}
		var rows, versions int
		err := stores[0].reader.QueryRow(`SELECT COUNT(*), COUNT(DISTINCT version_id) FROM `+migrationsTable+` WHERE version_id > 0`).
			Scan(&rows, &versions)
		if err != nil || rows != versions || versions == 0 {
			t.Fatalf("%d migrations are noted in %d rows: %v", versions, rows, err)
		}
	})
}

func TestADatabaseOfANewerVersionIsUsed(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		old := p.opened(t, time.Now)
		for _, statement := range []string{
			`ALTER TABLE users ADD COLUMN shoe_size INTEGER NOT NULL DEFAULT 42`,
			`CREATE TABLE novelties (id INTEGER PRIMARY KEY)`,
			`INSERT INTO ` + migrationsTable + ` (version_id, is_applied) VALUES (9999, ` + trueIn(old) + `)`,
		} {
			if _, err := old.writer.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		again := p.opened(t, time.Now)
		for i, s := range []*Store{old, again} {
			u := person(string(rune('a' + i)))
			if err := s.CreateUser(t.Context(), u); err != nil {
				t.Fatal(err)
			}
			if u, err := s.User(t.Context(), u.ID); err != nil || u.Version != 1 {
				t.Fatal(u, err)
			}
		}
	})
}

func trueIn(s *Store) string {
	if s.d.autocommits() {
		return "true"
	}
	return "1"
}

// Addresses that are none are refused without being shown.
func TestBadAddressesAreRefusedWithoutBeingShown(t *testing.T) {
	for _, dsn := range []string{"", " ", "postgres://ann:hunter2@host:port/db", "postgres://ann:hunter2 @host/db",
		"postgres://ann:hun%zzhunter2@host/db", "host=h password=x hunter2", "mysql://ann:hunter2@host/db?x",
		"postgres://ann:hunter2@host/db?sslmode=sometimes", "postgres://ann:hunter2@host/db?pool_max_conns=many"} {
		s, err := OpenPostgres(t.Context(), dsn, store.Env{})
		if err == nil {
			t.Fatalf("%q was opened: %v", dsn, s.Close())
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error shows the password: %v", dsn, err)
		}
	}
}

// A server out of reach is unavailable and keeps its password secret.
func TestUnreachableServerKeepsItsPasswordSecret(t *testing.T) {
	for _, dsn := range []string{"postgres://ann:hunter2@127.0.0.1:1/db?sslmode=disable",
		"host=/nonexistent/hunter2 password=hunter2 user=hunter2 dbname=db"} {
		_, err := OpenPostgres(t.Context(), dsn, store.Env{})
		if !errors.Is(err, store.ErrUnavailable) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}
