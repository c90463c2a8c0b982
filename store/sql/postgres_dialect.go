package sql

import (
	"context"
	stdsql "database/sql"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
)

// Channels of NOTIFY. They belong to a database, so that gateways of one database hear one another and no others.
const (
	feedChannel    = "gatehouse_feed"    // payload: the id of a user
	changesChannel = "gatehouse_changes" // no payload
)

// Keys of advisory locks.
const (
	migrationLock      = 0x6761746501 // "gate", 1
	administratorsLock = 0x6761746502
)

// postgresDialect is PostgreSQL 12 or newer at READ COMMITTED. secret is cut out of every error.
type postgresDialect struct{ secret string }

func (postgresDialect) goose() (goose.Dialect, fs.FS, []goose.ProviderOption) {
	files, _ := fs.Sub(migrations, "migrations/postgres") // the path is valid, or the build would have failed
	return goose.DialectPostgres, files, []goose.ProviderOption{goose.WithSessionLocker(advisoryLock{})}
}

func (postgresDialect) autocommits() bool { return true }
func (postgresDialect) prepares() bool    { return false }
func (postgresDialect) share() string     { return " FOR SHARE" }
func (postgresDialect) update() string    { return " FOR UPDATE" }
func (postgresDialect) blob() string      { return "BYTEA" }

// rare: the index that would help needs pg_trgm, which is not everywhere. Reading in order is quick enough without.
func (postgresDialect) rare(context.Context, querier, string) (from, match string, err error) {
	return "", "", nil
}

// holdAdministrators is a lock of the transaction, so that it is let go whatever happens.
func (postgresDialect) holdAdministrators(ctx context.Context, tx querier) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(administratorsLock))
	return err
}

// tell: a NOTIFY is delivered when its transaction commits, and only then.
func (postgresDialect) tell(ctx context.Context, tx querier, userID string, _ time.Time) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_notify($1, $2)`, feedChannel, userID)
	return err
}

func (postgresDialect) wake(ctx context.Context, tx querier) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_notify($1, '')`, changesChannel)
	return err
}

func (postgresDialect) constraintViolation(err error) (unique string, missingOwner bool) {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return "", false
	}
	switch e.Code {
	case "23505": // unique_violation
		return "unique " + e.ConstraintName, false
	case "23503": // foreign_key_violation
		return "", true
	}
	return "", false
}

func (postgresDialect) isTransient(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01") // serialization_failure, deadlock_detected
}

// isUnavailable: what the server says of a statement or its data is ours to mend; everything else is the server or the
// way there.
func (d postgresDialect) isUnavailable(err error) (string, bool) {
	text := err.Error()
	if d.secret != "" {
		text = strings.ReplaceAll(text, d.secret, "xxxxx")
	}
	var e *pgconn.PgError
	if errors.As(err, &e) && len(e.Code) == 5 {
		switch e.Code[:2] {
		case "21", "22", "23", "42":
			return text, false
		}
	}
	return text, true
}

// advisoryLock keeps two gateways from migrating at once. PostgreSQL queues them, and gives the lock of a gateway that
// died to the next.
type advisoryLock struct{}

func (advisoryLock) SessionLock(ctx context.Context, conn *stdsql.Conn) error {
	_, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock))
	return err
}

func (advisoryLock) SessionUnlock(ctx context.Context, conn *stdsql.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, err := conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1)`, int64(migrationLock))
	return err
}
