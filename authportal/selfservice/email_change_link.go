package selfservice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/onetime"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Links about a pending change of address, or one that can be undone, are backed by credentials, not tickets: pages
// read the change without spending it, later changes revoke it, and it must survive the loss of the session store.

// EmailChangeLife is the lifetime of the link that confirms a change of address.
const EmailChangeLife = message.ConfirmLife

// emailLinksKept is the number of valid links for one change. A message that is sent again has a new secret.
const emailLinksKept = 4

// emailMove returns a pending change, or problem.InvalidLink if there is none of that kind and id.
func (s *emails) emailMove(ctx context.Context, kind, id string) (m accounts.EmailMove, k store.Credential, err error) {
	k, err = s.signin.Links().Credential(ctx, kind, id, &m)
	return m, k, err
}

// newEmailLink makes another link for a change and returns its token. It is called when a message is composed.
func (s *emails) newEmailLink(ctx context.Context, kind, id string) (token string, m accounts.EmailMove, err error) {
	for range accounts.UpdateTries {
		var k store.Credential
		if m, k, err = s.emailMove(ctx, kind, id); err != nil {
			return "", m, err
		}
		var secret []byte
		link := onetime.Link{Purpose: kind, Subject: k.Owner, Email: k.Label, Until: k.Expires, ID: id}
		token, secret, err = s.signin.Links().Make(link)
		if err != nil {
			return "", m, err
		}
		m.Keys = m.Keys.With(secret, emailLinksKept)
		if err = s.accounts.SwapEmailMove(ctx, k, &m); !errors.Is(err, store.ErrStale) {
			break
		}
	}
	if err != nil {
		return "", m, fmt.Errorf("making a link: %w", err)
	}
	return token, m, nil
}

// openEmailLink returns the change that a link is for, without spending it, or problem.InvalidLink.
func (s *emails) openEmailLink(ctx context.Context, kind, token string) (m accounts.EmailMove, k store.Credential,
	err error) {
	l, secret, ok := s.signin.Links().Read(kind, token)
	if !ok {
		return m, k, problem.InvalidLink
	}
	if m, k, err = s.emailMove(ctx, kind, l.ID); err != nil {
		return m, k, err
	}
	if k.Owner != l.Subject || !m.Keys.Has(secret) {
		return m, k, problem.InvalidLink
	}
	return m, k, nil
}

// stillValid reports whether a pending change may still be made. If the account's password or address changed since the
// request, the request may come from an attacker who has been locked out by that.
func (s *emails) stillValid(ctx context.Context, u *store.User, m *accounts.EmailMove) (bool, error) {
	if u.Email != m.Old || !u.Enabled || !u.Approved || !s.rules.domainAllowed(m.New) {
		return false, nil
	}
	version, err := s.signin.PasswordVersion(ctx, u.ID)
	return version == m.Password, err
}

// pendingEmail returns the address of a pending change, or "" if there is none.
func (s *emails) pendingEmail(ctx context.Context, u *store.User) (string, error) {
	if !s.signin.Mails() {
		return "", nil
	}
	list, err := s.users.CredentialsOf(ctx, u.ID, store.KindEmailChange)
	if err != nil || len(list) == 0 {
		return "", err
	}
	var m accounts.EmailMove
	if err := json.Unmarshal(list[len(list)-1].Data, &m); err != nil {
		return "", fmt.Errorf("reading a change of address: %w", err)
	}
	still, err := s.stillValid(ctx, u, &m)
	if err != nil || !still {
		return "", err
	}
	return m.New, nil
}
