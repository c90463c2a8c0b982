package sql

import (
	"context"
	stdsql "database/sql"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

// dialect is what SQLite and PostgreSQL do differently. Queries themselves are shared: both read $1, both know ON
// CONFLICT, RETURNING and row values.
type dialect interface {
	// goose returns the dialect's name for migrations, their files, and how starts that coincide keep out of each
	// other's way.
	goose() (goose.Dialect, fs.FS, []goose.ProviderOption)

	// autocommits reports whether a single statement that writes is safe without a transaction around it.
	autocommits() bool
	// prepares reports whether this package should keep prepared statements, because the driver does not.
	prepares() bool
	// share and update are what SELECT says to hold a row against writers, or against all who want to hold it.
	share() string
	update() string
	// blob is the name of the type of keys, for CAST.
	blob() string

	// rare returns the tables to look for a text in, users as u, and a condition that the quoted text completes; nothing
	// where no index helps, or where so many accounts have the text that reading them in order is quicker.
	rare(ctx context.Context, db querier, text string) (from, match string, err error)

	// holdAdministrators makes all who want to take a right of administration away wait for one another.
	holdAdministrators(ctx context.Context, tx querier) error
	// tell lets every subscriber of the feed know, when the transaction commits.
	tell(ctx context.Context, tx querier, userID string, now time.Time) error
	// wake lets every reader of the outbox know, when the transaction commits.
	wake(ctx context.Context, tx querier) error

	// constraintViolation says which constraint a driver's error is about: a name that holds "username", "email",
	// "credentials", "tickets" or "sessions" for unique values, "owner" for a missing row that another one points to.
	constraintViolation(err error) (unique string, missingOwner bool)
	// isTransient reports whether an error goes away when the transaction is tried again.
	isTransient(err error) bool
	// isUnavailable tells errors of connection, server and disk from those of a statement. text is the error without its
	// secrets.
	isUnavailable(err error) (text string, down bool)
}

// querier is what a pool, a connection and a transaction have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (stdsql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *stdsql.Row
}

var (
	_ querier = (*stdsql.DB)(nil)
	_ querier = (*stdsql.Tx)(nil)
	_ querier = (*stdsql.Conn)(nil)
)
