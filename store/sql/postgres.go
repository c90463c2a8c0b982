package sql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-auth/gatehouse/store"
)

func init() { caddy.RegisterModule(Postgres{}) }

// Postgres keeps users, and embedded sessions, in a PostgreSQL database (12 or newer).
type Postgres struct {
	// The address: `postgres://user:password@host:5432/database?sslmode=verify-full`, or `host=… user=… …`. Placeholders
	// are expanded, so that the password, or all of it, comes from the environment or a file. Also understood:
	// `pool_max_conns` (default 16), `connect_timeout` (at most and by default 5 s), and several hosts with
	// `target_session_attrs=read-write`.
	DSN string `json:"dsn"`

	dsn string
}

// CaddyModule returns the Caddy module information.
func (Postgres) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "gatehouse.users.postgres", New: func() caddy.Module { return new(Postgres) }}
}

// UnmarshalCaddyfile sets up the driver. Syntax:
//
//	postgres <dsn>
func (d *Postgres) UnmarshalCaddyfile(tokens *caddyfile.Dispenser) error {
	tokens.Next() // the driver's name
	if !tokens.AllArgs(&d.DSN) {
		return tokens.ArgErr()
	}
	if tokens.NextBlock(tokens.Nesting()) {
		return tokens.Errf("postgres takes no block: unknown option %q", tokens.Val())
	}
	if !strings.Contains(d.DSN, "{") { // what has placeholders is judged when they are expanded
		if _, err := postgresConfig(d.DSN); err != nil {
			return tokens.Errf("the dsn of postgres: %v", err)
		}
	}
	return nil
}

// Provision expands placeholders.
func (d *Postgres) Provision(caddy.Context) (err error) {
	if strings.TrimSpace(d.DSN) == "" {
		return errors.New("the dsn of users postgres is empty")
	}
	if d.dsn, err = caddy.NewReplacer().ReplaceOrErr(d.DSN, true, true); err != nil {
		return fmt.Errorf("the dsn of users postgres: %w", err)
	}
	if _, err := postgresConfig(d.dsn); err != nil {
		return fmt.Errorf("the dsn of users postgres: %w", err)
	}
	return nil
}

// Resource names the database, user and password included.
func (d *Postgres) Resource(store.Env) string { return postgresResource(d.dsn) }

// OpenUsers connects and migrates.
func (d *Postgres) OpenUsers(ctx context.Context, env store.Env) (store.UserStore, error) {
	s, err := OpenPostgres(ctx, d.dsn, env)
	if err != nil {
		return nil, err // not s: a nil *Store would not be a nil interface
	}
	return s, nil
}

// Interface guards
var (
	_ caddy.Module          = (*Postgres)(nil)
	_ caddy.Provisioner     = (*Postgres)(nil)
	_ caddyfile.Unmarshaler = (*Postgres)(nil)
	_ store.UsersDriver     = (*Postgres)(nil)
)
