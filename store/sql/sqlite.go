package sql

import (
	"context"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-auth/gatehouse/store"
)

func init() { caddy.RegisterModule(SQLite{}) }

// SQLite keeps users, and embedded sessions, in one file.
type SQLite struct {
	// The database file. Relative names start at the working directory. Made, with the folders above it, where it does not
	// exist. May hold placeholders. Default: `gatehouse/gatehouse.db` in Caddy's data directory.
	File string `json:"file,omitempty"`

	file string
}

// CaddyModule returns the Caddy module information.
func (SQLite) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "gatehouse.users.sqlite", New: func() caddy.Module { return new(SQLite) }}
}

// UnmarshalCaddyfile sets up the driver. Syntax:
//
//	sqlite [<file>]
func (d *SQLite) UnmarshalCaddyfile(tokens *caddyfile.Dispenser) error {
	tokens.Next() // the driver's name
	if tokens.NextArg() {
		d.File = tokens.Val()
		if d.File == "" {
			return tokens.Err("the file of sqlite is empty; leave it out for gatehouse.db in Caddy's data directory")
		}
		if err := refuseNoFile(d.File); err != nil {
			return tokens.Err(err.Error())
		}
	}
	if tokens.NextArg() {
		return tokens.ArgErr()
	}
	if tokens.NextBlock(tokens.Nesting()) {
		return tokens.Errf("sqlite takes no block: unknown option %q", tokens.Val())
	}
	return nil
}

// Provision expands placeholders.
func (d *SQLite) Provision(caddy.Context) (err error) {
	if d.File == "" {
		return nil
	}
	if d.file, err = caddy.NewReplacer().ReplaceOrErr(d.File, true, true); err != nil {
		return fmt.Errorf("the file of users sqlite: %w", err)
	}
	return refuseNoFile(d.file)
}

// refuseNoFile refuses names that SQLite reads as something else than a file: each connection would get a database of
// its own, and nothing would be kept.
func refuseNoFile(file string) error {
	if file == ":memory:" || strings.HasPrefix(file, "file:") {
		return fmt.Errorf("users sqlite takes the path of a file, not %q", file)
	}
	return nil
}

// Resource is the absolute path of the file.
func (d *SQLite) Resource(env store.Env) string {
	path, err := sqlitePath(d.file, env)
	if err != nil {
		return "sqlite " + d.file
	}
	return "sqlite " + path
}

// OpenUsers opens and migrates the database.
func (d *SQLite) OpenUsers(ctx context.Context, env store.Env) (store.UserStore, error) {
	s, err := OpenSQLite(ctx, d.file, env)
	if err != nil {
		return nil, err // not s: a nil *Store would not be a nil interface
	}
	return s, nil
}

// Interface guards
var (
	_ caddy.Module          = (*SQLite)(nil)
	_ caddy.Provisioner     = (*SQLite)(nil)
	_ caddyfile.Unmarshaler = (*SQLite)(nil)
	_ store.UsersDriver     = (*SQLite)(nil)
)
