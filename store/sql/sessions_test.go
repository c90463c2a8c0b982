package sql

import (
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

func TestEmbeddedSessionsKeepTheContract(t *testing.T) {
	for _, d := range suites {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel() // the two dialects beside one another; each test has a database of its own
			fresh := d.fresh(t)
			storetest.Sessions(t, func(t *testing.T) storetest.SessionsHarness { return sessionsHarness(t, fresh(t)) })
		})
	}
}

// sessionsHarness gives the suite one database. Every handle is a Store of its own, as in another process.
func sessionsHarness(t *testing.T, p place) storetest.SessionsHarness {
	users := p.opened(t, time.Now)
	return storetest.SessionsHarness{
		Open: func(t *testing.T, now func() time.Time) store.SessionStore {
			s := p.opened(t, now)
			return whole{s.EmbeddedSessions(), s}
		},
		PutUser: func(t *testing.T, u store.User) {
			t.Helper()
			var err error
			if u.Version == 1 {
				err = users.CreateUser(t.Context(), u)
			} else {
				u.Version--
				_, err = users.UpdateUser(t.Context(), u)
			}
			if err != nil {
				t.Fatal(err)
			}
		},
	}
}

// whole closes the database with its session store, as the end of a process does.
type whole struct {
	store.SessionStore
	users *Store
}

func (w whole) Close() error {
	if err := w.SessionStore.Close(); err != nil {
		return err
	}
	return w.users.Close()
}
