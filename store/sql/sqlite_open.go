package sql

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gatehouse-auth/gatehouse/store"
)

// sqliteFile is the name of the database in [store.Env].DataDir where none is configured.
const sqliteFile = "gatehouse.db"

// OpenSQLite opens the database in file, and makes it where it does not exist; an empty name stands for gatehouse.db in
// env.DataDir. Any number of processes may have the same file open at once, on one machine: not on a network file
// system.
func OpenSQLite(ctx context.Context, file string, env store.Env) (*Store, error) {
	file, err := sqlitePath(file, env)
	if err != nil {
		return nil, fmt.Errorf("opening the users store: %w", err)
	}
	if err := makeSQLiteFile(file); err != nil {
		return nil, fmt.Errorf("opening the users store: %w: %w", store.ErrUnavailable, err)
	}
	writer, err := openSQLitePool(file, "immediate", 1)
	if err != nil {
		return nil, fmt.Errorf("opening the users store: %w", err)
	}
	// One reader is the watcher's for good.
	reader, err := openSQLitePool(file, "deferred", max(4, runtime.NumCPU())+1)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the users store: %w", err), writer.Close())
	}
	s := newStore(sqliteDialect{}, env, reader, writer)
	if err := migrate(ctx, s.d, writer); err != nil {
		return nil, errors.Join(err, reader.Close(), writer.Close())
	}
	s.start(s.watchSQLite)
	return s, nil
}

// sqlitePath gives every spelling of a file the same absolute name.
func sqlitePath(file string, env store.Env) (string, error) {
	if file == "" {
		if env.DataDir == "" {
			return "", errors.New("no file is named, and there is no data directory")
		}
		file = filepath.Join(env.DataDir, sqliteFile)
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real, nil
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil { // the file is yet to be made
		return filepath.Join(dir, filepath.Base(abs)), nil
	}
	return abs, nil
}

// makeSQLiteFile makes the file and the folders above it for the owner alone, before SQLite would make them by the
// umask: password hashes are in it. Its -wal and -shm files get the mode of the file. What exists is left as the
// operator set it.
func makeSQLiteFile(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// openSQLitePool opens connections that begin transactions as told.
//
// synchronous is FULL: with WAL, NORMAL would outlive a killed process as well, but after a power cut the last commits
// could be missing, and a sign-out, a used ticket or a disabled account that comes back is a door that opens again.
// Reads cost nothing by it, and there are few writes.
func openSQLitePool(file, begin string, connections int) (*stdsql.DB, error) {
	query := url.Values{
		"_txlock": {begin},
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
	}
	if begin != "immediate" {
		query.Add("_pragma", "query_only(1)")
	}
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/x on Windows
	}
	db, err := stdsql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}
