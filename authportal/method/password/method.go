package password

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Kind is the name of the method in proofs and on the login page.
const Kind = "password"

// Method checks passwords against the hashes in the users store. It is safe for concurrent use.
type Method struct {
	users    store.Credentials
	hasher   *hasher
	breaches breaches // nil: none
	env      method.Env
}

var (
	_ method.Method     = (*Method)(nil)
	_ method.LoginNamer = (*Method)(nil)
	_ method.Passwords  = (*Method)(nil)

	_ method.PasswordHashes = (*Method)(nil)
	_ method.PasswordRules  = (*Method)(nil)
)

// New returns the method. It calls no store.
func New(s Settings, env method.Env) (*Method, error) {
	h, err := newHasher(s)
	if err != nil {
		return nil, fmt.Errorf("opening the password method: %w", err)
	}
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	known := openBreaches(s.Breached, http.DefaultClient, rangeURL)
	return &Method{users: env.Users, hasher: h, breaches: known, env: env}, nil
}

// Kind returns "password".
func (m *Method) Kind() string { return Kind }

// AsksLogin implements method.LoginNamer.
func (m *Method) AsksLogin() {}

// MinLength is the least number of characters of a new password.
func (m *Method) MinLength() int { return m.hasher.settings.MinLength }

// Hashing returns how many passwords are being hashed and how many wait for it, at this moment.
func (m *Method) Hashing() (running, waiting int) {
	running = len(m.hasher.pool.slots)
	return running, max(0, len(m.hasher.pool.inside)-running)
}

// Begin shows the form.
func (m *Method) Begin(context.Context, *method.Attempt) (method.Step, error) {
	return method.Show{Fields: []method.Field{
		{Name: "login", Type: "text", Required: true, Autocomplete: "username"},
		{Name: "password", Type: "password", Required: true, Autocomplete: "current-password"},
	}}, nil
}

// Continue checks the password. An unknown user, one without a password, and a wrong password look and cost alike.
func (m *Method) Continue(ctx context.Context, a *method.Attempt) (method.Step, error) {
	c, err := m.check(ctx, a.User, a.Field("password"))
	switch {
	case err != nil:
		return nil, err
	case c != nil:
		return method.Proven{User: *a.User, Kind: c.Kind, ID: c.ID, Version: c.Version}, nil
	case a.User == nil:
		return method.Refused{Reason: "unknown user"}, nil
	}
	return method.Refused{Reason: "wrong password"}, nil
}

// CheckPassword reports whether password is that of u; a nil u costs the same and is never right.
func (m *Method) CheckPassword(ctx context.Context, u *store.User, password string) (bool, error) {
	c, err := m.check(ctx, u, password)
	return c != nil, err
}

// MakePassword returns the credential of a new password: *method.UnacceptableError if it may not be one.
func (m *Method) MakePassword(ctx context.Context, u *store.User, password string) (store.Credential, error) {
	if err := m.AcceptPassword(ctx, u, password); err != nil {
		return store.Credential{}, err
	}
	encoded, err := m.hasher.hash(ctx, password)
	if err != nil {
		return store.Credential{}, err
	}
	return store.Credential{
		Kind: store.KindPassword, ID: u.ID, Owner: u.ID, Data: encoded, Created: m.env.Now(), Version: 1,
	}, nil
}

// AcceptPassword reports whether a password may be one, without hashing it.
func (m *Method) AcceptPassword(ctx context.Context, u *store.User, password string) error {
	reason := m.hasher.refusal(password)
	if reason == "" {
		reason = guessable(password, u, m.env.Site)
	}
	if reason == "" {
		// Last, because it may go out to the network.
		found, err := m.isBreached(ctx, password)
		if err != nil {
			return err
		}
		if found {
			reason = reasonBreached
		}
	}
	if reason != "" {
		return &method.UnacceptableError{Reason: reason}
	}
	return nil
}

// CheckHash reports whether a hash that other software made can be stored.
func (m *Method) CheckHash(encoded string) error { return checkEncoded([]byte(encoded)) }

// check returns the credential that the password proved, as it is stored now; nil where the password is wrong.
func (m *Method) check(ctx context.Context, u *store.User, typed string) (*store.Credential, error) {
	// Without an account a read of nothing: it costs the same time, and whether the store answers must not depend on
	// whose password it is.
	id := "nobody"
	if u != nil {
		id = u.ID
	}
	c, err := m.users.Credential(ctx, store.KindPassword, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("loading the password of %s: %w", id, err)
	}
	// A row of someone else under this id would be a fault of the store; it opens nothing.
	if u == nil || c.Owner != u.ID {
		c = store.Credential{}
	}
	match, outdated, err := m.hasher.verify(ctx, c.Data, typed)
	if err != nil {
		return nil, err
	}
	if !match {
		return nil, nil
	}
	if outdated {
		c = m.renew(ctx, c, typed)
	}
	return &c, nil
}

// renew replaces a hash that was made under other settings. It is a courtesy: if it fails, the sign-in goes on and
// the next one tries again. The swap does nothing if the password was changed meanwhile, and c stays as it was read, so
// that the dispatcher finds out.
func (m *Method) renew(ctx context.Context, c store.Credential, typed string) store.Credential {
	encoded, err := m.hasher.hash(ctx, typed)
	if err == nil {
		renewed := c
		renewed.Data = encoded
		if err = m.users.SwapCredential(ctx, renewed); err == nil {
			renewed.Version++
			return renewed
		}
	}
	if !errors.Is(err, store.ErrStale) && !errors.Is(err, method.ErrBusy) {
		m.env.Log.WarnContext(ctx, "password hash could not be renewed",
			slog.String("user_id", c.Owner), slog.Any("error", err))
	}
	return c
}
