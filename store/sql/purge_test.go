package sql

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

func TestWhatIsOverIsRemovedAndNothingElse(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		ctx := t.Context()
		clock := storetest.NewClock()
		s := p.opened(t, clock.Now)
		sessions := s.EmbeddedSessions()
		soon, late := clock.Now().Add(time.Minute), clock.Now().Add(time.Hour)
		for i, deadline := range []time.Time{soon, late} {
			u := person(fmt.Sprint(i))
			token := store.Credential{Kind: "api_token", ID: u.ID, Expires: deadline}
			absolute, idle := signInOf(u), signInOf(u)
			absolute.Session.LastSeen, absolute.Session.Expires = clock.Now(), deadline
			idle.Session.ID, idle.Session.Key = "idle"+u.ID, store.KeyOf([]byte("idle"+u.ID))
			idle.Session.LastSeen, idle.Session.Expires = clock.Now(), late.Add(time.Hour)
			idle.Session.Idle = deadline.Sub(clock.Now())
			_, _, countErr := sessions.Count(ctx, u.ID, 1, deadline.Sub(clock.Now()))
			err := errors.Join(s.CreateUser(ctx, u, token, store.Credential{Kind: "password", ID: u.ID}),
				sessions.CreateSession(ctx, &absolute), sessions.CreateSession(ctx, &idle), countErr,
				sessions.PutTicket(ctx, "x", store.KeyOf([]byte(u.ID)), nil, deadline))
			if err != nil {
				t.Fatal(err)
			}
		}
		clock.Advance(time.Minute)
		if err := s.purge(ctx); err != nil {
			t.Fatal(err)
		}
		for table, want := range map[string]int{"users": 2, "credentials": 3, "sign_ins": 2, "sessions": 2, "tickets": 1, "counters": 1} {
			var n int
			if err := s.reader.QueryRow(`SELECT COUNT(*) FROM ` + table).Scan(&n); err != nil || n != want {
				t.Errorf("%s holds %d rows, want %d (%v)", table, n, want, err)
			}
		}
	})
}

func TestManyRowsAreRemovedInBatches(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		s := p.opened(t, time.Now)
		for i := range 3 {
			_, err := s.writer.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
				INSERT INTO tickets (purpose, key, payload, deadline) SELECT CAST(i AS TEXT), $1, $1, 1 FROM n`, []byte{byte(i)})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := s.purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := s.reader.QueryRow(`SELECT COUNT(*) FROM tickets`).Scan(&n); err != nil || n != 0 {
			t.Fatalf("%d tickets are left, %v", n, err)
		}
	})
}

func TestTheFeedIsKeptForAMinute(t *testing.T) {
	clock := storetest.NewClock()
	s := freshSQLite(t).opened(t, clock.Now)
	u := person("ann")
	if err := errors.Join(s.CreateUser(t.Context(), u), s.EmbeddedSessions().RefreshIdentity(t.Context(), u.Identity())); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} {
		if err := s.purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := s.reader.QueryRow(`SELECT COUNT(*) FROM feed`).Scan(&n); err != nil || n != want {
			t.Fatalf("the feed holds %d rows, want %d (%v)", n, want, err)
		}
		clock.Advance(feedKept)
	}
}
