package sql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/gatehouse-auth/gatehouse/store"
)

// poolConnections is how many connections a gateway opens at most where the address does not say pool_max_conns, beside
// the one that listens.
const poolConnections = 16

// errAddress says no more, because what cannot be parsed may hold the password anywhere.
var errAddress = errors.New("it is neither a postgres:// URL nor a list of key=value " +
	"(in a URL, special characters of the password are percent-encoded)")

// OpenPostgres connects to the database that dsn names and migrates it.
func OpenPostgres(ctx context.Context, dsn string, env store.Env) (*Store, error) {
	config, err := postgresConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("opening the users store: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("opening the users store: %w", errAddress)
	}
	db := stdlib.OpenDBFromPool(pool)
	s := newStore(postgresDialect{secret: config.ConnConfig.Password}, env, db, db)
	s.after = pool.Close
	if err := migrate(ctx, s.d, db); err != nil {
		_ = db.Close() // the first error is the one to tell
		pool.Close()
		return nil, err
	}
	s.start(func(ctx context.Context) { s.watchPostgres(ctx, config.ConnConfig) })
	return s, nil
}

func postgresConfig(dsn string) (*pgxpool.Config, error) {
	if strings.TrimSpace(dsn) == "" {
		return nil, errors.New("the address of the database is empty") // libpq would guess a local one
	}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errAddress
	}
	if !strings.Contains(dsn, "pool_max_conns") {
		config.MaxConns = poolConnections
	}
	conn := config.ConnConfig
	if conn.ConnectTimeout == 0 || conn.ConnectTimeout > answerWithin {
		conn.ConnectTimeout = answerWithin
	}
	if conn.RuntimeParams["application_name"] == "" {
		conn.RuntimeParams["application_name"] = "gatehouse"
	}
	return config, nil
}

// postgresResource names the database without what does not change which one it is.
func postgresResource(dsn string) string {
	config, err := postgresConfig(dsn)
	if err != nil {
		return dsn
	}
	c := config.ConnConfig
	name := fmt.Sprintf("postgres %q %q %q", c.User, c.Password, c.Database)
	name += fmt.Sprintf(" %q %d", c.Host, c.Port)
	for _, f := range c.Fallbacks {
		name += fmt.Sprintf(" %q %d", f.Host, f.Port)
	}
	for _, key := range []string{"search_path", "options"} {
		if v := c.RuntimeParams[key]; v != "" {
			name += fmt.Sprintf(" %s=%q", key, v)
		}
	}
	return name + fmt.Sprintf(" %d %v", config.MaxConns, c.DefaultQueryExecMode)
}

// listenConfig is how the watcher connects: as the pool does, but with keep-alive of its own, and no statement cache.
func listenConfig(config *pgx.ConnConfig) *pgx.ConnConfig {
	c := config.Copy()
	c.ConnectTimeout = min(c.ConnectTimeout, 2*time.Second)
	c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	return c
}
