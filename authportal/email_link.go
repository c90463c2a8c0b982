package authportal

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Links of messages are about a change of address that waits, or that can be taken back (see emailMove). They are no tickets: what they rest on has to be looked at without being used up, to be ended by what
// comes later, and to outlive a session store that was emptied.

// emailChangeLife is how long the link of a change is good for.
const emailChangeLife = confirmLife

// emailLinksKept is how many links about one change are good: a letter that is sent again has another secret.
const emailLinksKept = 4

// emailMove returns a change that waits; errMailToken where there is none of that kind and id.
func (p *Portal) emailMove(ctx context.Context, kind, id string) (m emailMove, k store.Credential, err error) {
	if k, err = p.users.Credential(ctx, kind, id); errors.Is(err, store.ErrNotFound) {
		return m, k, errMailToken
	} else if err != nil {
		return m, k, fmt.Errorf("reading a change of address: %w", err)
	}
	if err := json.Unmarshal(k.Data, &m); err != nil {
		return m, k, fmt.Errorf("reading a change of address: %w", err)
	}
	return m, k, nil
}

// newEmailLink makes a further link about a change, and returns its token. It runs where letters are written.
func (p *Portal) newEmailLink(ctx context.Context, kind, id string) (token string, m emailMove, err error) {
	for range updateTries {
		var k store.Credential
		if m, k, err = p.emailMove(ctx, kind, id); err != nil {
			return "", m, err
		}
		var secret []byte
		token, secret, err = p.mailToken(kind, mailLabel{User: k.Owner, Email: k.Label, Until: k.Expires.Unix(), ID: id})
		if err != nil {
			return "", m, err
		}
		key := store.KeyOf(secret)
		m.Keys = append(m.Keys, hex.EncodeToString(key[:]))
		m.Keys = m.Keys[max(0, len(m.Keys)-emailLinksKept):]
		if err = p.accounts.swapEmailMove(ctx, k, &m); !errors.Is(err, store.ErrStale) {
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
	l, secret, ok := p.readMailToken(kind, token)
	if !ok {
		return m, k, errMailToken
	}
	if m, k, err = p.emailMove(ctx, kind, l.ID); err != nil {
		return m, k, err
	}
	key := store.KeyOf(secret)
	if k.Owner != l.User || !slices.Contains(m.Keys, hex.EncodeToString(key[:])) {
		return m, k, errMailToken
	}
	return m, k, nil
}

// stillAsked tells whether a change that waits may still be made. What the account rests on is as it was when it was asked
// for, or whoever asked may be somebody who has been shut out since.
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
