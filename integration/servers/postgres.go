package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgresServer is a PostgreSQL of its own. It survives Stop and Kill with its data; it does not survive a power cut of
// the machine, because waiting for the disk is switched off. Its URL names a superuser and a database for the test.
type PostgresServer struct {
	*Process
	Addr string // host:port
	URL  string // postgres://gatehouse@host:port/gatehouse?sslmode=disable
}

// StartPostgres starts a PostgreSQL for this test alone. It takes a second or two: FreshPostgres is quicker where the
// test only needs a database of its own.
func StartPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	if _, err := postgresBinary("postgres"); err != nil {
		missing(t, err.Error())
	}
	// not t.TempDir(): the user postgres could not enter it
	dir, err := os.MkdirTemp("", "gatehouse-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	s, err := startPostgres(dir)
	if err != nil {
		t.Fatal(err)
	}
	own(t, s.Process)
	return s
}

func startPostgres(dir string) (*PostgresServer, error) {
	owner, err := postgresOwner(dir)
	if err != nil {
		return nil, err
	}
	initdb, err := postgresBinary("initdb")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	cmd := exec.Command(initdb, "-D", data, "-U", "gatehouse", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	cmd.Dir = dir
	cmd.SysProcAttr = childAttributes(owner)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("creating a PostgreSQL cluster: %w: %s", err, bytes.TrimSpace(out))
	}
	s, err := onFreePort(func(port int) (*PostgresServer, error) { return runPostgres(dir, data, owner, port) })
	if err != nil {
		return nil, err
	}
	if err := s.createDatabase(); err != nil {
		_ = s.signalAndWait(syscall.SIGKILL)
		return nil, err
	}
	return s, nil
}

func runPostgres(dir, data string, owner *syscall.Credential, port int) (*PostgresServer, error) {
	binary, err := postgresBinary("postgres")
	if err != nil {
		return nil, err
	}
	addr := loopback(port)
	s := &PostgresServer{Addr: addr, URL: "postgres://gatehouse@" + addr + "/gatehouse?sslmode=disable"}
	s.Process = &Process{
		name: "postgres on port " + strconv.Itoa(port),
		command: []string{
			binary, "-D", data, "-p", strconv.Itoa(port), "-k", dir, "-c", "listen_addresses=127.0.0.1",
			"-c", "fsync=off", "-c", "full_page_writes=off", // a kill loses nothing even so
			"-c", "max_connections=300", "-c", "shared_buffers=64MB", "-c", "autovacuum_naptime=10min",
		},
		log:   filepath.Join(dir, "postgres.log"),
		owner: owner,
		// "fast shutdown": clients are cut, data are written. Killed, it would leave children that nobody may reap.
		orderly: syscall.SIGINT,
		// Children that were being born at a kill are missed by it, and hold the memory until they notice.
		passing: "pre-existing shared memory block",
		ready: func(ctx context.Context) error {
			conn, err := pgx.Connect(ctx, "postgres://gatehouse@"+addr+"/postgres?sslmode=disable&connect_timeout=5")
			if err != nil {
				return err
			}
			return conn.Close(ctx)
		},
	}
	return s, s.start()
}

func (s *PostgresServer) createDatabase() error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, "postgres://gatehouse@"+s.Addr+"/postgres?sslmode=disable")
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE DATABASE gatehouse")
	return err
}

// postgresOwner says as whom PostgreSQL shall run, since it refuses to run as root, and gives that user the directory.
func postgresOwner(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(errUID, errGID, os.Chown(dir, int(uid), int(gid))); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// postgresBinary looks in the path first, then where Debian and Ubuntu put the servers: the newest version wins.
func postgresBinary(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	best, newest := "", -1
	for _, path := range found {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if err == nil && version > newest {
			best, newest = path, version
		}
	}
	if best == "" {
		return "", fmt.Errorf("%s is not installed", name)
	}
	return best, nil
}

// freshName is unique among processes that share a server.
func freshName() string {
	return fmt.Sprintf("test_%d_%d", os.Getpid(), time.Now().UnixNano())
}
