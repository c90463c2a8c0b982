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

// Links of messages are about a change of address that waits, or that can be taken back (see emailMove). They are no
// tickets: what they rest on has to be looked at without being used up, to be ended by what
// comes later, and to outlive a session store that was emptied.

// EmailChangeLife is how long the link of a change is good for.
const EmailChangeLife = message.ConfirmLife

// emailLinksKept is how many links about one change are good: a message that is sent again has another secret.
const emailLinksKept = 4

// emailMove returns a change that waits; problem.InvalidLink where there is none of that kind and id.
func (s *emails) emailMove(ctx context.Context, kind, id string) (m accounts.EmailMove, k store.Credential, err error) {
	k, err = s.signin.Links().Credential(ctx, kind, id, &m)
	return m, k, err
}

// newEmailLink makes a further link about a change, and returns its token. It runs where messages are written.
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

// openEmailLink returns what a link is about, and uses nothing up; problem.InvalidLink where it is none, or no more.
func (s *emails) openEmailLink(ctx context.Context, kind, token string) (m accounts.EmailMove, k store.Credential, err error) {
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

// stillAsked reports whether a change that waits may still be made. What the account rests on is as it was when it was
// asked for, or whoever asked may be somebody who has been shut out since.
func (s *emails) stillAsked(ctx context.Context, u *store.User, m *accounts.EmailMove) (bool, error) {
	if u.Email != m.Old || !u.Enabled || !u.Approved || !s.rules.domainAllowed(m.New) {
		return false, nil
	}
	version, err := s.signin.PasswordVersion(ctx, u.ID)
	return version == m.Password, err
}

// pendingEmail returns the address that an account is about to get; empty where none is.
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
	still, err := s.stillAsked(ctx, u, &m)
	if err != nil || !still {
		return "", err
	}
	return m.New, nil
}
