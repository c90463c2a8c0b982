package sql

import (
	"context"
	stdsql "database/sql"
	"embed"
	"fmt"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/gatehouse-auth/gatehouse/store"
)

//go:embed migrations
var migrations embed.FS

// migrationsTable is where goose notes what was applied.
const migrationsTable = "gatehouse_migrations"

// migrateWithin bounds a start: the longest that one gateway waits for another that migrates the same database.
const migrateWithin = 60 * time.Second

// migrate brings the schema up to this version. Migrations only add, so a database that a newer version brought further
// is used as it is: during a rolling upgrade both versions work on it.
func migrate(ctx context.Context, d dialect, db *stdsql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, migrateWithin)
	defer cancel()
	name, files, options := d.goose()
	options = append(options, goose.WithTableName(migrationsTable), goose.WithDisableGlobalRegistry(true))
	provider, err := goose.NewProvider(name, db, files, options...)
	if err != nil {
		return fmt.Errorf("migrating the users store: %w", err)
	}
	for try := 1; ; try++ {
		_, err := provider.Up(ctx)
		if err == nil {
			return nil
		}
		// SQLite has no lock that outlives a transaction. Of two gateways that start at once each migration is applied
		// by one, whole, and refused to the other, who looks again.
		if try < 10 && d.isTransient(err) {
			select {
			case <-time.After(time.Duration(try) * 20 * time.Millisecond):
				continue
			case <-ctx.Done():
			}
		}
		text, down := d.isUnavailable(err)
		if cause := ctx.Err(); cause != nil {
			return fmt.Errorf("migrating the users store: %w: %w", store.ErrUnavailable, cause)
		}
		if down {
			return fmt.Errorf("migrating the users store: %w: %s", store.ErrUnavailable, text)
		}
		return fmt.Errorf("migrating the users store: %s", text)
	}
}
