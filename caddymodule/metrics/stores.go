package metrics

import (
	"context"
	"errors"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// ObserveSessions records a call of the session store.
func (m *Collectors) ObserveSessions(call string, took time.Duration, err error) {
	m.observe("sessions", call, took, err)
}

func (m *Collectors) observe(which, call string, took time.Duration, err error) {
	m.storeSeconds.WithLabelValues(which, call, resultOf(err)).Observe(took.Seconds())
}

// resultOf returns what became of a call: "ok" where the store answered, whatever it said, "canceled" where the
// caller gave up, "failed" where the store did.
func resultOf(err error) string {
	switch {
	case err == nil, errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrStale), errors.Is(err, store.ErrTaken),
		errors.Is(err, store.ErrLastAdministrator):
		return "ok"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return "failed"
}

// observedUsers records how long each call of the users store took. Ping, Close and ChangesWaiting are no calls to
// measure; the relay reads the store itself, or its polling would be most of what is counted.
type observedUsers struct{ store.UserStore }

// ObserveUsers returns a users store that records how long its calls take.
func ObserveUsers(s store.UserStore) store.UserStore { return &observedUsers{s} }

// timed is deferred with the time of the start, and reads the error when the call is over.
func timed(call string, start time.Time, err *error) {
	Process.observe("users", call, time.Since(start), *err)
}

func (o *observedUsers) CreateUser(ctx context.Context, u store.User, creds ...store.Credential) (err error) {
	defer timed("CreateUser", time.Now(), &err)
	return o.UserStore.CreateUser(ctx, u, creds...)
}

func (o *observedUsers) User(ctx context.Context, id string) (u store.User, err error) {
	defer timed("User", time.Now(), &err)
	return o.UserStore.User(ctx, id)
}

func (o *observedUsers) FindUser(ctx context.Context, login string) (u store.User, err error) {
	defer timed("FindUser", time.Now(), &err)
	return o.UserStore.FindUser(ctx, login)
}

func (o *observedUsers) UpdateUser(ctx context.Context, u store.User) (out store.User, err error) {
	defer timed("UpdateUser", time.Now(), &err)
	return o.UserStore.UpdateUser(ctx, u)
}

func (o *observedUsers) DeleteUser(ctx context.Context, id string) (err error) {
	defer timed("DeleteUser", time.Now(), &err)
	return o.UserStore.DeleteUser(ctx, id)
}

func (o *observedUsers) ListUsers(ctx context.Context, q store.UserQuery) (list []store.User, err error) {
	defer timed("ListUsers", time.Now(), &err)
	return o.UserStore.ListUsers(ctx, q)
}

func (o *observedUsers) CountUsers(ctx context.Context, q store.UserQuery, limit int) (n int, err error) {
	defer timed("CountUsers", time.Now(), &err)
	return o.UserStore.CountUsers(ctx, q, limit)
}

func (o *observedUsers) SignedIn(ctx context.Context, id string, when time.Time) (err error) {
	defer timed("SignedIn", time.Now(), &err)
	return o.UserStore.SignedIn(ctx, id, when)
}

func (o *observedUsers) PutCredential(ctx context.Context, c store.Credential) (err error) {
	defer timed("PutCredential", time.Now(), &err)
	return o.UserStore.PutCredential(ctx, c)
}

func (o *observedUsers) SwapCredential(ctx context.Context, c store.Credential) (err error) {
	defer timed("SwapCredential", time.Now(), &err)
	return o.UserStore.SwapCredential(ctx, c)
}

func (o *observedUsers) Credential(ctx context.Context, kind, id string) (c store.Credential, err error) {
	defer timed("Credential", time.Now(), &err)
	return o.UserStore.Credential(ctx, kind, id)
}

func (o *observedUsers) CredentialsOf(ctx context.Context, owner, kind string) (list []store.Credential, err error) {
	defer timed("CredentialsOf", time.Now(), &err)
	return o.UserStore.CredentialsOf(ctx, owner, kind)
}

func (o *observedUsers) DeleteCredential(ctx context.Context, kind, id string) (err error) {
	defer timed("DeleteCredential", time.Now(), &err)
	return o.UserStore.DeleteCredential(ctx, kind, id)
}

func (o *observedUsers) Setting(ctx context.Context, name string) (value []byte, err error) {
	defer timed("Setting", time.Now(), &err)
	return o.UserStore.Setting(ctx, name)
}

func (o *observedUsers) PutSetting(ctx context.Context, name string, old, value []byte) (err error) {
	defer timed("PutSetting", time.Now(), &err)
	return o.UserStore.PutSetting(ctx, name, old, value)
}

// Interface guard: the observed users store is still one.
var _ store.UserStore = (*observedUsers)(nil)
