package authportal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// A link in a mail holds a token of two parts, "<secret>.<label>". The secret is the key to a ticket, which is taken once.
// The label says, sealed, which account the link is about: a page can name it and check a form without taking the ticket, so
// that a scanner that follows every link of a mail uses nothing up. The label alone opens nothing.

// mailTicket is what the store keeps of a link. It is worth nothing once the account has another address, or, for what
// replaces a password, another password.
type mailTicket struct {
	User     string `json:"u,omitempty"`
	Email    string `json:"e"`
	Password int64  `json:"p,omitempty"` // version of the password
	To       string `json:"t,omitempty"`
	Flow     string `json:"f,omitempty"`
}

type mailLabel struct {
	User  string `json:"u,omitempty"`
	Email string `json:"e"`
	Until int64  `json:"d"`
	ID    string `json:"i,omitempty"` // of what a link is about where that is no ticket
}

var errMailToken = errOtherAddress

// putMailTicket makes a link good, and returns its token.
func (p *Portal) putMailTicket(ctx context.Context, purpose string, t mailTicket, life time.Duration) (string, error) {
	until := p.now().Add(life)
	token, secret, err := p.mailToken(purpose, mailLabel{User: t.User, Email: t.Email, Until: until.Unix()})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	if err := p.sessions.PutTicket(ctx, "mail "+purpose, store.KeyOf(secret), payload, until); err != nil {
		return "", fmt.Errorf("making a link: %w", err)
	}
	return token, nil
}

// mailToken makes a secret and the token that holds it. It is worth nothing until a store knows the secret's key.
func (p *Portal) mailToken(purpose string, l mailLabel) (token string, secret []byte, err error) {
	if secret, err = p.secret(secretBytes); err != nil {
		return "", nil, err
	}
	label, err := json.Marshal(l)
	if err != nil {
		return "", nil, err
	}
	// Bound to the secret: the label of one link says nothing beside another's.
	sealed, err := p.keys.Seal("mail "+purpose, label, secret)
	if err != nil {
		return "", nil, fmt.Errorf("making a link: %w", err)
	}
	return secret64.EncodeToString(secret) + "." + sealed, secret, nil
}

// readMailToken returns what the label of a token says, and takes nothing.
func (p *Portal) readMailToken(purpose, token string) (l mailLabel, secret []byte, ok bool) {
	head, sealed, _ := strings.Cut(token, ".")
	secret, err := secret64.DecodeString(head)
	if err != nil || len(secret) != secretBytes || len(sealed) > 2048 {
		return l, nil, false
	}
	b, err := p.keys.Open("mail "+purpose, sealed, secret)
	if err != nil || json.Unmarshal(b, &l) != nil || p.now().Unix() >= l.Until {
		return mailLabel{}, nil, false
	}
	return l, secret, true
}

// takeMailTicket uses a link up: of any number of callers one gets what it is good for.
func (p *Portal) takeMailTicket(ctx context.Context, purpose, token string) (t mailTicket, err error) {
	_, secret, ok := p.readMailToken(purpose, token)
	if !ok {
		return t, errMailToken
	}
	raw, err := p.sessions.TakeTicket(ctx, "mail "+purpose, store.KeyOf(secret))
	if errors.Is(err, store.ErrNotFound) {
		return t, errMailToken
	} else if err != nil {
		return t, fmt.Errorf("taking a link: %w", err)
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		return t, fmt.Errorf("reading a link: %w", err)
	}
	return t, nil
}

// ticketOwner returns the account of a ticket that was taken, as long as it is still the one that it was made for.
func (p *Portal) ticketOwner(ctx context.Context, t *mailTicket) (store.User, error) {
	u, err := p.users.User(ctx, t.User)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return u, errMailToken
	case err != nil:
		return u, fmt.Errorf("reading the account: %w", err)
	case u.Email != t.Email:
		return u, errMailToken // the address was changed meanwhile: its mailbox proves nothing any more
	}
	return u, nil
}

// passwordVersion is zero where the account has none.
func (p *Portal) passwordVersion(ctx context.Context, user string) (int64, error) {
	k, err := p.users.Credential(ctx, store.KindPassword, user)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("reading the password: %w", err)
	}
	return k.Version, nil
}
