package authportal

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/store"
)

// rawPages writes what a page is made of, so that tests read facts and not somebody's sentences.
type rawPages struct{}

func (rawPages) Write(w http.ResponseWriter, _ *http.Request, status int, p pages.Page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(p); err != nil {
		panic(err)
	}
}

func (rawPages) Assets() http.Handler { return http.NotFoundHandler() }

// plainPassword is a method that compares as it reads. It counts what it spends.
type plainPassword struct {
	users store.UserStore
	spent atomic.Int64
	hook  func() // runs between the check and its answer
	err   error
}

func (*plainPassword) Kind() string { return "password" }

func (*plainPassword) AsksLogin() {}

func (m *plainPassword) Begin(context.Context, *method.Attempt) (method.Step, error) {
	return method.Show{}, nil
}

func (m *plainPassword) Continue(ctx context.Context, a *method.Attempt) (method.Step, error) {
	m.spent.Add(1)
	if m.err != nil {
		return nil, m.err
	}
	if a.User == nil {
		return method.Refused{Reason: "unknown account"}, nil
	}
	c, err := m.users.Credential(ctx, store.KindPassword, a.User.ID)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(c.Data, []byte(a.Field("password"))) {
		return method.Refused{Reason: "wrong password"}, nil
	}
	if m.hook != nil {
		m.hook()
	}
	return method.Proven{User: *a.User, Kind: c.Kind, ID: c.ID, Version: c.Version}, nil
}

// flaky is a session store that can be away.
type flaky struct {
	store.SessionStore
	down      atomic.Bool
	countDown atomic.Bool
	endDown   atomic.Bool
	hangs     atomic.Bool // look-ups of sessions
	created   func()      // runs just before a session is stored
}

func (f *flaky) err() error {
	if f.down.Load() {
		return store.ErrUnavailable
	}
	return nil
}

func (f *flaky) Session(ctx context.Context, k store.Key) (store.ActiveSession, error) {
	if err := f.err(); err != nil {
		return store.ActiveSession{}, err
	}
	if f.hangs.Load() {
		<-ctx.Done()
		return store.ActiveSession{}, ctx.Err()
	}
	return f.SessionStore.Session(ctx, k)
}

func (f *flaky) CreateSession(ctx context.Context, l *store.ActiveSession) error {
	if err := f.err(); err != nil {
		return err
	}
	if f.created != nil {
		f.created()
	}
	return f.SessionStore.CreateSession(ctx, l)
}

func (f *flaky) TakeTicket(ctx context.Context, purpose string, k store.Key) ([]byte, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	return f.SessionStore.TakeTicket(ctx, purpose, k)
}

func (f *flaky) EndSession(ctx context.Context, user, id string) error {
	if err := f.err(); err != nil {
		return err
	}
	return f.SessionStore.EndSession(ctx, user, id)
}

func (f *flaky) EndSessionsOf(ctx context.Context, user, except string) (int, error) {
	if f.endDown.Load() {
		return 0, store.ErrUnavailable
	}
	return f.SessionStore.EndSessionsOf(ctx, user, except)
}

func (f *flaky) Count(ctx context.Context, name string, limit int, window time.Duration) (bool, time.Duration, error) {
	if f.down.Load() || f.countDown.Load() {
		return false, 0, store.ErrUnavailable
	}
	return f.SessionStore.Count(ctx, name, limit, window)
}

func (f *flaky) CountSessions(ctx context.Context) (int, error) {
	if err := f.err(); err != nil {
		return 0, err
	}
	return f.SessionStore.(store.SessionCounter).CountSessions(ctx)
}

// flakyUsers is a users store that can be away.
type flakyUsers struct {
	store.UserStore
	down atomic.Bool
}

func (f *flakyUsers) FindUser(ctx context.Context, login string) (store.User, error) {
	if f.down.Load() {
		return store.User{}, store.ErrUnavailable
	}
	return f.UserStore.FindUser(ctx, login)
}

func (f *flakyUsers) User(ctx context.Context, id string) (store.User, error) {
	if f.down.Load() {
		return store.User{}, store.ErrUnavailable
	}
	return f.UserStore.User(ctx, id)
}

// syncBuffer takes logs of many goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
