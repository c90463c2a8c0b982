package sql

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gatehouse-auth/gatehouse/store"
)

// writerFile names the database for a copy of the test binary that only writes, until it is killed.
const writerFile = "GATEHOUSE_SQL_TEST_WRITER"

func TestMain(m *testing.M) {
	if file := os.Getenv(writerFile); file != "" {
		if err := writeUntilKilled(file, os.Getenv(writerFile+"_NAME")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// writeUntilKilled says what it wrote only after the store has said that it is written.
func writeUntilKilled(file, name string) error {
	ctx := context.Background()
	s, err := OpenSQLite(ctx, file, store.Env{})
	if err != nil {
		return err
	}
	sessions := s.EmbeddedSessions()
	for i := 0; ; i++ {
		u := person(fmt.Sprintf("%s-%d", name, i))
		if err := s.CreateUser(ctx, u, store.Credential{Kind: "password", ID: u.ID, Data: []byte("hash")}); err != nil {
			return err
		}
		fmt.Println("user", u.ID)
		u.Name = "changed"
		if _, err := s.UpdateUser(ctx, u); err != nil {
			return err
		}
		fmt.Println("change", u.ID)
		l := signInOf(u)
		if err := sessions.CreateSession(ctx, &l); err != nil {
			return err
		}
		fmt.Println("session", u.ID)
		if i%2 == 0 {
			if err := sessions.EndSession(ctx, u.ID, l.Session.ID); err != nil {
				return err
			}
			fmt.Println("ended", u.ID)
		}
	}
}

// person is an account whose id is its name.
func person(name string, roles ...string) store.User {
	return store.User{ID: name, Username: name, Email: name + "@example.com", Confirmed: true, Roles: roles, Enabled: true,
		Approved: true, Created: time.Now(), Version: 1}
}

func signInOf(u store.User) store.ActiveSession {
	now := time.Now()
	return store.ActiveSession{Identity: u.Identity(), Session: store.Session{Key: store.KeyOf([]byte(u.ID)), ID: "of " + u.ID,
		UserID: u.ID, Created: now, LastSeen: now, Expires: now.Add(time.Hour)}}
}

func TestEverythingAcknowledgedSurvivesKilledProcesses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gatehouse.db")
	var (
		mu    sync.Mutex
		acked []string
	)
	for round := range 4 {
		var writers sync.WaitGroup
		for writer := range 2 {
			lines, kill := startWriter(t, file, fmt.Sprintf("r%dw%d", round, writer))
			last := 20 + rand.IntN(40)
			writers.Go(func() {
				for n := 0; lines.Scan(); n++ {
					if n == last {
						kill() // what it says after this may be cut off
					}
					mu.Lock()
					acked = append(acked, lines.Text())
					mu.Unlock()
				}
			})
		}
		writers.Wait()
	}
	s, err := OpenSQLite(t.Context(), file, store.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var report string
	if err := s.writer.QueryRow(`PRAGMA integrity_check`).Scan(&report); err != nil || report != "ok" {
		t.Fatalf("integrity check: %q, %v", report, err)
	}
	if s.writer.QueryRow(`SELECT "table" FROM pragma_foreign_key_check`).Scan(&report) == nil {
		t.Fatalf("rows of %s point to nothing", report)
	}
	if len(acked) < 4*2*20 {
		t.Fatalf("the writers wrote %d times only", len(acked))
	}
	pending := map[string]int{}
	rows, err := s.PendingChanges(t.Context(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		pending[row.UserID]++
	}
	for _, line := range acked {
		checkAcked(t, s, line, pending)
	}
}

func checkAcked(t *testing.T, s *Store, line string, pending map[string]int) {
	t.Helper()
	what, id, _ := strings.Cut(line, " ")
	u, err := s.User(t.Context(), id)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	switch what {
	case "user":
		if _, err := s.Credential(t.Context(), "password", id); err != nil {
			t.Fatalf("%s: its password: %v", line, err)
		}
	case "change":
		if u.Version != 2 || u.Name != "changed" || pending[id] != 1 {
			t.Fatalf("%s: version %d, %q, %d rows in the outbox", line, u.Version, u.Name, pending[id])
		}
	case "session":
		// The writer may have ended an even one without living to say so.
		odd := id[len(id)-1]%2 == 1
		if _, err := s.EmbeddedSessions().Session(t.Context(), store.KeyOf([]byte(id))); err != nil && odd {
			t.Fatalf("%s: %v", line, err)
		}
	case "ended":
		if _, err := s.EmbeddedSessions().Session(t.Context(), store.KeyOf([]byte(id))); err == nil {
			t.Fatalf("%s: it is alive", line)
		}
	}
}

// startWriter returns what the writer says, and how to kill it.
func startWriter(t *testing.T, file, name string) (lines *bufio.Scanner, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerFile+"="+file, writerFile+"_NAME="+name)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return bufio.NewScanner(out), func() { _ = cmd.Process.Kill() }
}
