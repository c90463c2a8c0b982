package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/onetime"
	"github.com/gatehouse-auth/gatehouse/store"
)

// SignedIn records the time of a sign-in.
func (a *core) SignedIn(ctx context.Context, id string) error {
	return a.users.SignedIn(ctx, id, a.now())
}

// AddToken stores an API token.
func (a *core) AddToken(ctx context.Context, token store.Credential) error {
	if err := a.users.PutCredential(ctx, token); err != nil {
		return fmt.Errorf("storing an API token: %w", err)
	}
	return nil
}

// TokenUsed records when an API token was used last.
func (a *core) TokenUsed(ctx context.Context, token store.Credential, at time.Time) error {
	token.Used = at
	err := a.users.SwapCredential(ctx, token)
	if errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// DeleteToken revokes an API token; store.ErrNotFound if the owner has none of that id.
func (a *core) DeleteToken(ctx context.Context, owner, id string) error {
	token, err := a.users.Credential(ctx, store.KindAPIToken, id)
	if err == nil && token.Owner != owner {
		err = store.ErrNotFound // do not reveal that another account's token exists
	}
	if err == nil {
		err = a.users.DeleteCredential(ctx, store.KindAPIToken, id)
	}
	if err != nil {
		return fmt.Errorf("deleting an API token: %w", err)
	}
	return nil
}

// PutTicket stores the credential of a link and replaces earlier ones of its kind.
func (a *core) PutTicket(ctx context.Context, ticket store.Credential) error {
	if err := a.deleteKinds(ctx, ticket.Owner, ticket.Kind); err != nil {
		return err
	}
	return a.users.PutCredential(ctx, ticket)
}

// LinkCredentials returns the credential store that backs the one-time links of package onetime.
func (a *core) LinkCredentials() onetime.Credentials { return linkCredentials{a} }

type linkCredentials struct{ a *core }

// Credential implements onetime.Credentials.
func (l linkCredentials) Credential(ctx context.Context, kind, id string) (store.Credential, error) {
	return l.a.users.Credential(ctx, kind, id)
}

// PutCredential replaces earlier credentials of its kind.
func (l linkCredentials) PutCredential(ctx context.Context, c store.Credential) error {
	return l.a.PutTicket(ctx, c)
}

// DeleteCredential implements onetime.Credentials.
func (l linkCredentials) DeleteCredential(ctx context.Context, kind, id string) error {
	return l.a.users.DeleteCredential(ctx, kind, id)
}

// RememberBrowser stores the device cookie of a browser that has just signed in, unless the stored one has lost less
// than renew of its life. Of more than keep, it deletes the oldest. It reports whether it stored the cookie.
func (a *core) RememberBrowser(ctx context.Context, k store.Credential, renew time.Duration,
	keep int) (bool, error) {
	have, err := a.users.CredentialsOf(ctx, k.Owner, store.KindKnownBrowser)
	if err != nil {
		return false, err
	}
	for i := range have {
		if have[i].ID == k.ID && k.Expires.Sub(have[i].Expires) < renew {
			return false, nil
		}
	}
	if err := a.users.PutCredential(ctx, k); err != nil {
		return false, err
	}
	for i := 0; i < len(have)-keep+1; i++ { // oldest first
		if have[i].ID == k.ID {
			continue
		}
		if err := a.users.DeleteCredential(ctx, store.KindKnownBrowser,
			have[i].ID); err != nil && !errors.Is(err, store.ErrNotFound) {
			return false, err
		}
	}
	return true, nil
}

// deleteKinds deletes every credential of those kinds from an account.
func (a *core) deleteKinds(ctx context.Context, id string, kinds ...string) (err error) {
	for _, kind := range kinds {
		list, e := a.users.CredentialsOf(ctx, id, kind)
		err = errors.Join(err, e)
		for i := range list {
			if e := a.users.DeleteCredential(ctx, kind, list[i].ID); e != nil && !errors.Is(e, store.ErrNotFound) {
				err = errors.Join(err, e)
			}
		}
	}
	return err
}
