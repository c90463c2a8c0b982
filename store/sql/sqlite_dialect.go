package sql

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteDialect is SQLite in WAL mode. Transactions that write begin IMMEDIATE, so that one waits for the other at its
// beginning and never fails half-way for having read before the other wrote; rows need no locks of their own.
type sqliteDialect struct{}

func (sqliteDialect) goose() (goose.Dialect, fs.FS, []goose.ProviderOption) {
	files, _ := fs.Sub(migrations, "migrations/sqlite") // the path is valid, or the build would have failed
	return goose.DialectSQLite3, files, nil
}

// autocommits: a statement with RETURNING that is not in a transaction commits when it is reset, where an error of the
// commit is easily lost; so every write has its transaction.
func (sqliteDialect) autocommits() bool { return false }
func (sqliteDialect) prepares() bool    { return true }
func (sqliteDialect) share() string     { return "" }
func (sqliteDialect) update() string    { return "" }
func (sqliteDialect) blob() string      { return "BLOB" }

// rareTexts is up to how many accounts a text is found by its index and put in order afterwards. Where more have it,
// about one in a hundred of 100,000, a page is full after few rows in order.
const rareTexts = 1000

func (sqliteDialect) rare(ctx context.Context, db querier, text string) (from, match string, err error) {
	if utf8.RuneCountInString(text) < 3 {
		return "", "", nil
	}
	var n int
	err = db.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM user_texts WHERE user_texts MATCH $1 LIMIT $2)`,
		quoted(text), rareTexts+1).Scan(&n)
	if err != nil || n > rareTexts {
		return "", "", err
	}
	// CROSS JOIN: in this order, whatever the planner thinks.
	return `user_texts t CROSS JOIN user_numbers m ON m.n = t.rowid CROSS JOIN users u ON u.id = m.user_id`, `t.user_texts MATCH `, nil
}

func (sqliteDialect) holdAdministrators(context.Context, querier) error { return nil }

// tell writes a row that every process on this file reads, this one included; see watchSQLite.
func (sqliteDialect) tell(ctx context.Context, tx querier, userID string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO feed (user_id, at) VALUES ($1, $2)`, userID, micros(now))
	return err
}

func (sqliteDialect) wake(context.Context, querier) error { return nil }

func (sqliteDialect) constraintViolation(err error) (unique string, missingOwner bool) {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return "", false
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		_, columns, _ := strings.Cut(e.Error(), "failed: ") // "UNIQUE constraint failed: users.email (2067)"
		return "unique " + columns, false
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return "", true
	}
	return "", false
}

// isTransient: a migration that another process applied in between fails because its tables or columns are there
// already.
func (sqliteDialect) isTransient(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code()&0xff == sqlite3.SQLITE_BUSY || strings.Contains(e.Error(), "already exists") ||
		strings.Contains(e.Error(), "duplicate column")
}

// isUnavailable: whatever is not about the statement is about the file.
func (sqliteDialect) isUnavailable(err error) (string, bool) {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err.Error(), true
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_MISUSE,
		sqlite3.SQLITE_RANGE, sqlite3.SQLITE_TOOBIG:
		return e.Error(), false
	}
	return e.Error(), true
}
