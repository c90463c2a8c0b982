package authportal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/onetime"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Links of messages are about a change of address that waits, or that can be taken back (see emailMove). They are no
// tickets: what they rest on has to be looked at without being used up, to be ended by what
// comes later, and to outlive a session store that was emptied.

// emailChangeLife is how long the link of a change is good for.
const emailChangeLife = confirmLife

// emailLinksKept is how many links about one change are good: a message that is sent again has another secret.
const emailLinksKept = 4

// emailMove returns a change that waits; problem.InvalidLink where there is none of that kind and id.
func (p *Portal) emailMove(ctx context.Context, kind, id string) (m emailMove, k store.Credential, err error) {
	k, err = p.links().Credential(ctx, kind, id, &m)
	return m, k, err
}

// newEmailLink makes a further link about a change, and returns its token. It runs where messages are written.
func (p *Portal) newEmailLink(ctx context.Context, kind, id string) (token string, m emailMove, err error) {
	for range updateTries {
		var k store.Credential
		if m, k, err = p.emailMove(ctx, kind, id); err != nil {
			return "", m, err
		}
		var secret []byte
		link := onetime.Link{Purpose: kind, Subject: k.Owner, Email: k.Label, Until: k.Expires, ID: id}
		token, secret, err = p.links().Make(link)
		if err != nil {
			return "", m, err
		}
		m.Keys = m.Keys.With(secret, emailLinksKept)
		if err = p.accounts.swapEmailMove(ctx, k, &m); !errors.Is(err, store.ErrStale) {
			break
		}
	}
	if err != nil {
		return "", m, fmt.Errorf("making a link: %w", err)
	}
	return token, m, nil
}

// openEmailLink returns what a link is about, and uses nothing up; problem.InvalidLink where it is none, or no more.
func (p *Portal) openEmailLink(ctx context.Context, kind, token string) (m emailMove, k store.Credential, err error) {
	l, secret, ok := p.links().Read(kind, token)
	if !ok {
		return m, k, problem.InvalidLink
	}
	if m, k, err = p.emailMove(ctx, kind, l.ID); err != nil {
		return m, k, err
	}
	if k.Owner != l.Subject || !m.Keys.Has(secret) {
		return m, k, problem.InvalidLink
	}
	return m, k, nil
}

// stillAsked reports whether a change that waits may still be made. What the account rests on is as it was when it was
// asked for, or whoever asked may be somebody who has been shut out since.
func (p *Portal) stillAsked(ctx context.Context, u *store.User, m *emailMove) (bool, error) {
	if u.Email != m.Old || !u.Enabled || !u.Approved || !p.domainAllowed(m.New) {
		return false, nil
	}
	version, err := p.passwordVersion(ctx, u.ID)
	return version == m.Password, err
}

// pendingEmail returns the address that an account is about to get; empty where none is.
func (p *Portal) pendingEmail(ctx context.Context, u *store.User) (string, error) {
	if !p.mails() {
		return "", nil
	}
	list, err := p.users.CredentialsOf(ctx, u.ID, store.KindEmailChange)
	if err != nil || len(list) == 0 {
		return "", err
	}
	var m emailMove
	if err := json.Unmarshal(list[len(list)-1].Data, &m); err != nil {
		return "", fmt.Errorf("reading a change of address: %w", err)
	}
	still, err := p.stillAsked(ctx, u, &m)
	if err != nil || !still {
		return "", err
	}
	return m.New, nil
}
