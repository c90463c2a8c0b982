package sql

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-auth/gatehouse/store"
)

func TestDriversAreSetUpByTheCaddyfile(t *testing.T) {
	tests := []struct{ input, want, err string }{
		{input: "sqlite", want: ""},
		{input: "sqlite /srv/users.db", want: "/srv/users.db"},
		{input: "sqlite {env.DB}", want: "{env.DB}"},
		{input: "sqlite a b", err: "wrong argument count"},
		{input: `sqlite ""`, err: "empty"},
		{input: "sqlite :memory:", err: "path of a file"},
		{input: "sqlite file:x", err: "path of a file"},
		{input: "sqlite x {\n mode WAL\n}", err: `unknown option "mode"`},
		{input: "postgres postgres://h/db", want: "postgres://h/db"},
		{input: "postgres {env.DSN}", want: "{env.DSN}"},
		{input: "postgres", err: "wrong argument count"},
		{input: "postgres a b", err: "wrong argument count"},
		{input: "postgres mysql://h/db?", err: "neither a postgres:// URL"},
		{input: "postgres postgres://h/db {\n pool 3\n}", err: `unknown option "pool"`},
	}
	for _, test := range tests {
		tokens := caddyfile.NewTestDispenser(test.input)
		var got string
		var err error
		if strings.HasPrefix(test.input, "sqlite") {
			d := new(SQLite)
			err = d.UnmarshalCaddyfile(tokens)
			got = d.File
		} else {
			d := new(Postgres)
			err = d.UnmarshalCaddyfile(tokens)
			got = d.DSN
		}
		switch {
		case test.err == "" && err != nil, test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%s: %v, want %q", test.input, err, test.err)
		case test.err == "" && got != test.want:
			t.Errorf("%s: got %q", test.input, got)
		case err != nil && !strings.Contains(err.Error(), "Testfile:"):
			t.Errorf("%s: no place in %v", test.input, err)
		}
	}
}

func TestSecretsAreExpandedOnceAndMissingOnesAreNamed(t *testing.T) {
	t.Setenv("GATEHOUSE_TEST_DSN", "postgres://ann:hunter2@h/db")
	t.Setenv("GATEHOUSE_TEST_EMPTY", "")
	for dsn, want := range map[string]string{"{env.GATEHOUSE_TEST_DSN}": "", "": "empty", "{env.GATEHOUSE_TEST_EMPTY}": "GATEHOUSE_TEST_EMPTY",
		"postgres://ann:{env.GATEHOUSE_TEST_NONE}@h/db": "GATEHOUSE_TEST_NONE", "nonsense hunter2": "neither"} {
		d := &Postgres{DSN: dsn}
		err := d.Provision(caddy.Context{})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", dsn, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error shows the password: %v", dsn, err)
		}
	}
	d := &SQLite{File: "{env.GATEHOUSE_TEST_NONE}/x.db"}
	if err := d.Provision(caddy.Context{}); err == nil || !strings.Contains(err.Error(), "GATEHOUSE_TEST_NONE") {
		t.Error(err)
	}
}

func TestOneDatabaseIsOneResourceHoweverItIsSpelt(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(dir, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	env := store.Env{DataDir: dir}
	name := func(file string) string {
		d := &SQLite{File: file}
		if err := d.Provision(caddy.Context{}); err != nil {
			t.Fatal(err)
		}
		return d.Resource(env)
	}
	want := name("")
	for _, file := range []string{dir + "/gatehouse.db", dir + "/x/../gatehouse.db", dir + "//link/gatehouse.db"} {
		if got := name(file); got != want {
			t.Errorf("%s is %q, want %q", file, got, want)
		}
	}
	if name(dir+"/other.db") == want {
		t.Error("two files are one resource")
	}
	same := postgresResource("postgres://ann:x@h:5432/db?sslmode=disable")
	if got := postgresResource("host=h port=5432 user=ann password=x dbname=db sslmode=disable"); got != same {
		t.Errorf("%q and %q", got, same)
	}
	for _, other := range []string{"postgres://ann:x@h/other?sslmode=disable", "postgres://ben:x@h/db?sslmode=disable",
		"postgres://ann:x@g/db?sslmode=disable", "postgres://ann:x@h/db?sslmode=disable&search_path=s"} {
		if postgresResource(other) == same {
			t.Errorf("%s is the same resource", other)
		}
	}
}

func TestDriversOpenWhatTheyName(t *testing.T) {
	for _, id := range []string{"gatehouse.users.sqlite", "gatehouse.users.postgres"} {
		if _, err := caddy.GetModule(id); err != nil {
			t.Error(err)
		}
	}
	d := new(SQLite)
	if err := d.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	users, err := d.OpenUsers(t.Context(), store.Env{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer users.Close()
	if _, ok := users.(store.SessionHost); !ok {
		t.Error("no sessions can be embedded")
	}
	bad := &Postgres{}
	if users, err := bad.OpenUsers(t.Context(), store.Env{}); err == nil || users != nil {
		t.Errorf("%v, %v", users, err)
	}
}
