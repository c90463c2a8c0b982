package sql

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/cache"
	"github.com/gatehouse-auth/gatehouse/store/relay"
)

// gateway is one of several on a database, as the product puts it together: a store, a cache, a relay. notices are what
// the feed passed on to it.
type gateway struct {
	*Store
	sessions *cache.Cache
	notices  chan string
}

func startGateway(t *testing.T, p place) gateway {
	t.Helper()
	s := p.opened(t, time.Now)
	g := gateway{s, cache.New(s.EmbeddedSessions(), cache.Options{}), make(chan string, 1000)}
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- (&relay.Relay{Users: s, Sessions: g.sessions}).Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := g.sessions.Close(); err != nil {
			t.Error(err)
		}
	})
	up := make(chan bool, 100)
	t.Cleanup(s.EmbeddedSessions().Subscribe(func(id string) { g.notices <- id }, func(state bool) { up <- state }))
	if !<-up {
		t.Fatal("the feed is down")
	}
	return g
}

// next returns the next notice, which must come within a second.
func (g gateway) next(t *testing.T) string {
	t.Helper()
	select {
	case id := <-g.notices:
		return id
	case <-time.After(time.Second):
		t.Fatal("no notice within a second")
		return ""
	}
}

// acknowledged waits until the relays have emptied the outbox.
func acknowledged(t *testing.T, s *Store) {
	t.Helper()
	deadline, tick := time.After(5*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for {
		rows, err := s.PendingChanges(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("rows %v left in the outbox", rows)
		}
	}
}

// A change of an account reaches every gateway within a second and once, although the change itself, its caller and
// the relays of all gateways could each tell of it.
func TestChangeIsNotifiedOnceToEveryGateway(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		ctx := t.Context()
		gateways := []gateway{startGateway(t, p), startGateway(t, p)}
		one := gateways[0]
		u, marker := person("ann"), person("marker")
		for _, u := range []store.User{u, marker} {
			if err := one.CreateUser(ctx, u, store.Credential{Kind: "api_token", ID: u.ID}); err != nil {
				t.Fatal(err)
			}
		}
		l := signInOf(u)
		if err := one.sessions.CreateSession(ctx, &l); err != nil {
			t.Fatal(err)
		}
		update := func(change func()) func() error {
			return func() (err error) {
				change()
				if u, err = one.UpdateUser(ctx, u); err != nil {
					return err
				}
				return one.sessions.RefreshIdentity(ctx, u.Identity()) // as package authportal does after every change
			}
		}
		for _, act := range []struct {
			name   string
			change func() error
		}{
			{"other roles", update(func() { u.Roles = []string{"editor"} })},
			{"disabled", update(func() { u.Enabled = false })},
			{"enabled", update(func() { u.Enabled = true })},
			{"a new password is demanded", update(func() { u.MustChangePassword = true })},
			{"a credential is deleted", func() error { return one.DeleteCredential(ctx, "api_token", u.ID) }},
			{"deleted", func() error { return one.DeleteUser(ctx, u.ID) }},
		} {
			if err := act.change(); err != nil {
				t.Fatalf("%s: %v", act.name, err)
			}
			for i, g := range gateways {
				if id := g.next(t); id != u.ID {
					t.Errorf("%s: gateway %d heard of %s", act.name, i, id)
				}
			}
			acknowledged(t, one.Store)
			// Notices come in order: what is heard before the marker is what there was of the change.
			if _, err := one.sessions.EndSessionsOf(ctx, marker.ID, ""); err != nil {
				t.Fatal(err)
			}
			for i, g := range gateways {
				if id := g.next(t); id != marker.ID {
					t.Errorf("%s: gateway %d heard of %s once more", act.name, i, id)
				}
			}
		}
	})
}

// A gateway that dies between the commit of a change and its relay leaves nothing undone: the transaction has ended the
// sessions, and another gateway's relay acknowledges the row.
func TestChangeIsInForceWithoutARelay(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		ctx := t.Context()
		s := p.opened(t, time.Now)
		sessions := s.EmbeddedSessions()
		u := person("ann")
		l := signInOf(u)
		if err := s.CreateUser(ctx, u); err != nil {
			t.Fatal(err)
		}
		if err := sessions.CreateSession(ctx, &l); err != nil {
			t.Fatal(err)
		}
		u.Roles = []string{"editor"}
		u, err := s.UpdateUser(ctx, u)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := sessions.Session(ctx, l.Session.Key); err != nil || !slices.Equal(got.Identity.Roles, u.Roles) {
			t.Errorf("after new roles: %v, %v", got.Identity.Roles, err)
		}
		u.Enabled = false
		if _, err := s.UpdateUser(ctx, u); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := s.reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM sign_ins`).Scan(&left); err != nil || left != 0 {
			t.Errorf("%d sign-ins of a disabled account are left, %v", left, err)
		}
		if rows, err := s.PendingChanges(ctx, 10); err != nil || len(rows) != 2 {
			t.Errorf("rows %v in the outbox, %v, want two", rows, err)
		}
		acknowledged(t, startGateway(t, p).Store)
	})
}
