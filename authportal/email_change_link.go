package authportal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/onetime"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// A change of address lies in the account as a credential: of the kind email_change from the moment that it is asked
// for until it is made, and of the kind email_undo from then on, for as long as it can be taken back. Links of messages
// are about one of the two. They are no tickets: what they rest on has to be looked at without being used up, to be
// ended by what comes later, and to outlive a session store that was emptied.

// How long the links are good for.
const (
	emailChangeLife = confirmLife
	emailUndoLife   = 7 * 24 * time.Hour
)

// emailLinksKept is how many links about one change are good: a message that is sent again has another secret.
const emailLinksKept = 4

// emailMove is what both kinds hold as Data.
type emailMove struct {
	Old      string          `json:"old,omitempty"` // the account's address before; empty: it had none
	New      string          `json:"new"`
	Password int64           `json:"password,omitempty"` // version of the password that it was asked for with
	Asked    time.Time       `json:"asked"`
	Keys     onetime.Secrets `json:"keys,omitempty"`   // of its links
	Claimed  time.Time       `json:"claimed,omitzero"` // when somebody began to take it back
}

// email is the label: the address whose mailbox may use it.
func (m *emailMove) email(kind string) string {
	if kind == store.KindEmailUndo {
		return m.Old
	}
	return m.New
}

// putEmailMove stores a change under a new id.
func (a *Accounts) putEmailMove(ctx context.Context, kind, user string, m emailMove, life time.Duration) (id string, err error) {
	if id, err = a.newID(); err != nil {
		return "", err
	}
	data, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	now := a.now()
	k := store.Credential{Kind: kind, ID: id, Owner: user, Label: m.email(kind), Data: data, Created: now, Expires: now.Add(life)}
	if err := a.users.PutCredential(ctx, k); err != nil {
		return "", fmt.Errorf("storing a change of address: %w", err)
	}
	return id, nil
}

// emailMove returns a change that waits; errMailToken where there is none of that kind and id.
func (p *Portal) emailMove(ctx context.Context, kind, id string) (m emailMove, k store.Credential, err error) {
	k, err = p.links().Credential(ctx, kind, id, &m)
	return m, k, err
}

// swapEmailMove writes what changed of m; ErrStale where somebody else was first.
func (p *Portal) swapEmailMove(ctx context.Context, k store.Credential, m *emailMove) (err error) {
	if k.Data, err = json.Marshal(m); err != nil {
		return err
	}
	return p.users.SwapCredential(ctx, k)
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
		if err = p.swapEmailMove(ctx, k, &m); !errors.Is(err, store.ErrStale) {
			break
		}
	}
	if err != nil {
		return "", m, fmt.Errorf("making a link: %w", err)
	}
	return token, m, nil
}

// openEmailLink returns what a link is about, and uses nothing up; errMailToken where it is none, or no more.
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
