package stranger

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Bell is a second factor that people enrol by themselves: a name that answers a challenge.
type Bell struct{ users store.UserStore }

var (
	_ method.Method       = (*Bell)(nil)
	_ method.SecondFactor = (*Bell)(nil)
	_ method.Enroller     = (*Bell)(nil)
)

const bellKind = "stranger_bell"

// Kind returns "bell".
func (*Bell) Kind() string { return "bell" }

// CredentialKind is what is enrolled.
func (*Bell) CredentialKind() string { return bellKind }

// Enrolled reports whether the account has one.
func (b *Bell) Enrolled(ctx context.Context, u *store.User) (bool, error) {
	list, err := b.users.CredentialsOf(ctx, u.ID, bellKind)
	return len(list) > 0, err
}

// Begin makes a challenge.
func (*Bell) Begin(context.Context, *method.Attempt) (method.Step, error) {
	challenge := rand.Text()
	options, err := json.Marshal(map[string]string{"challenge": challenge})
	return method.Show{Options: options, State: []byte(challenge)}, err
}

// Continue takes the answer of a bell, or a new bell.
func (b *Bell) Continue(ctx context.Context, a *method.Attempt) (method.Step, error) {
	var ring struct{ Bell, Challenge string }
	if raw := a.JSON("ring"); raw == nil || json.Unmarshal(raw, &ring) != nil {
		return method.Refused{Reason: "no ring"}, nil
	}
	if a.User == nil || len(a.State) == 0 || ring.Challenge != string(a.State) || ring.Bell == "" {
		return method.Refused{Reason: "wrong challenge"}, nil
	}
	if a.Purpose == method.Enrol {
		return method.Enrolled{Credential: store.Credential{Kind: bellKind, ID: ring.Bell, Data: []byte("rings")}}, nil
	}
	c, err := b.users.Credential(ctx, bellKind, ring.Bell)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err != nil || c.Owner != a.User.ID {
		return method.Refused{Reason: "another's bell"}, nil
	}
	return method.Proven{User: *a.User, Kind: c.Kind, ID: c.ID, Version: c.Version}, nil
}
