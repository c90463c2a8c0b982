package sql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
)

// ear hears a feed.
type ear chan string

func follow(t *testing.T, s store.Feed) ear {
	t.Helper()
	e := make(ear, 1000)
	t.Cleanup(s.Subscribe(func(id string) { e <- id }, func(up bool) { e <- fmt.Sprint(up) }))
	e.next(t, "true")
	return e
}

// next waits for want, passing over what is in skip.
func (e ear) next(t *testing.T, want string, skip ...string) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case got := <-e:
			if got == want {
				return
			}
			if !slices.Contains(skip, got) {
				t.Fatalf("heard %q, want %q", got, want)
			}
		case <-timeout:
			t.Fatalf("waited in vain for %q", want)
		}
	}
}

func TestChangesOfAccountsAreToldWithTheirTransaction(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		ctx := t.Context()
		here, there := p.opened(t, time.Now), p.opened(t, time.Now)
		ears := []ear{follow(t, here.EmbeddedSessions()), follow(t, there.EmbeddedSessions())}
		u := person("ann")
		if err := here.CreateUser(ctx, u, store.Credential{Kind: "api_token", ID: "t"}); err != nil {
			t.Fatal(err)
		}
		for what, change := range []func() error{
			func() error { _, err := here.UpdateUser(ctx, u); return err },
			func() error { return here.DeleteCredential(ctx, "api_token", "t") },
			func() error { return here.DeleteUser(ctx, u.ID) },
		} {
			if err := change(); err != nil {
				t.Fatalf("change %d: %v", what, err)
			}
			for _, e := range ears {
				e.next(t, "ann")
			}
		}
	})
}

func TestADisabledAccountLosesItsSessionsForGood(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		ctx := t.Context()
		s := p.opened(t, time.Now)
		sessions := s.EmbeddedSessions()
		u := person("ann")
		l := signInOf(u)
		if err := errors.Join(s.CreateUser(ctx, u), sessions.CreateSession(ctx, &l)); err != nil {
			t.Fatal(err)
		}
		u.Enabled = false
		u, err := s.UpdateUser(ctx, u)
		if err != nil {
			t.Fatal(err)
		}
		late := signInOf(u)
		late.Session.ID, late.Session.Key = "late", store.KeyOf([]byte("late"))
		if err := sessions.CreateSession(ctx, &late); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("a sign-in that was overtaken: %v", err)
		}
		u.Enabled = true
		if _, err = s.UpdateUser(ctx, u); err != nil {
			t.Fatal(err)
		}
		for _, key := range []store.Key{l.Session.Key, late.Session.Key} {
			if _, err := sessions.Session(ctx, key); !errors.Is(err, store.ErrNotFound) {
				t.Fatalf("a session from before: %v", err)
			}
		}
	})
}

func TestClosingTheSessionsLeavesTheUsersOpen(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		s := p.opened(t, time.Now)
		first, second := s.EmbeddedSessions(), s.EmbeddedSessions()
		e, f := follow(t, first), follow(t, second)
		if err := errors.Join(first.Close(), first.Close()); err != nil {
			t.Fatal(err)
		}
		e.next(t, "false")
		if err := errors.Join(s.Ping(t.Context()), second.Ping(t.Context())); err != nil {
			t.Fatal(err)
		}
		if err := first.Ping(t.Context()); !errors.Is(err, store.ErrClosed) {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		f.next(t, "false")
	})
}

// A process that slept through the pruning is told that it missed something.
func TestMissedFeedRowsTakeTheFeedDown(t *testing.T) {
	p := freshSQLite(t)
	here, there := p.opened(t, time.Now), p.opened(t, time.Now)
	e := follow(t, there.EmbeddedSessions())
	err := here.write(t.Context(), "", func(ctx context.Context, tx querier) error {
		if err := here.d.tell(ctx, tx, "ann", time.Now()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM feed`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	e.next(t, "false")
	e.next(t, "true")
}

func TestAFileThatCannotBeReadIsDown(t *testing.T) {
	p := freshSQLite(t)
	here, there := p.opened(t, time.Now), p.opened(t, time.Now)
	e := follow(t, there.EmbeddedSessions())
	for _, step := range []struct{ statement, state string }{
		{`INSERT INTO feed (user_id, at) VALUES ('ann', 1)`, "ann"},
		{`ALTER TABLE feed RENAME TO lost`, "false"},
		{`ALTER TABLE lost RENAME TO feed`, "true"},
	} {
		if _, err := here.writer.Exec(step.statement); err != nil {
			t.Fatal(err)
		}
		e.next(t, step.state)
	}
}

// A server that hangs or dies is down until it listens again.
func TestFeedIsDownUntilTheServerIsHeardAgain(t *testing.T) {
	server := servers.StartPostgres(t)
	p := postgresAt(server.URL)
	s := p.opened(t, time.Now)
	sessions := s.EmbeddedSessions()
	u := person("ann")
	if err := s.CreateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	e := follow(t, sessions)

	server.Pause()
	e.next(t, "false")
	s.limit = 300 * time.Millisecond
	if _, err := s.User(t.Context(), u.ID); !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("a server that hangs: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := sessions.Session(ctx, store.Key{})
	if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a server that does not answer in time: %v", err)
	}
	s.limit = answerWithin
	server.Resume()
	e.next(t, "true", "false")

	server.Kill()
	e.next(t, "false", "true")
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("a server that is gone: %v", err)
	}
	server.Start()
	e.next(t, "true")
	if _, err := s.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	e.next(t, "ann")
}
