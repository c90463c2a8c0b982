package authportal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/onetime"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// mailTicket is what the store keeps of a link in an email. It is worth nothing once the account has another address,
// or, for what replaces a password, another password.
type mailTicket struct {
	User     string `json:"u,omitempty"`
	Email    string `json:"e"`
	Password int64  `json:"p,omitempty"` // version of the password
	To       string `json:"t,omitempty"`
	Flow     string `json:"f,omitempty"`
}

// links makes one-time links and uses them up.
func (p *Portal) links() *onetime.Links {
	return &onetime.Links{Keys: p.keys, Tickets: p.sessions, Credentials: p.accounts.LinkCredentials(), Now: p.now, Rand: p.rand}
}

// issueMailLink makes a link that a ticket backs, and returns its token.
func (p *Portal) issueMailLink(ctx context.Context, purpose string, t mailTicket, life time.Duration) (string, error) {
	link := onetime.Link{Purpose: purpose, Subject: t.User, Email: t.Email, Until: p.now().Add(life)}
	return p.links().Issue(ctx, link, t)
}

// takeMailLink uses a link up: of any number of callers one gets what it is good for.
func (p *Portal) takeMailLink(ctx context.Context, purpose, token string) (t mailTicket, err error) {
	err = p.links().Take(ctx, purpose, token, &t)
	return t, err
}

// linkOwner returns the account that a link is about, as long as it is still the one that it was made for.
func (p *Portal) linkOwner(ctx context.Context, user, email string) (store.User, error) {
	u, err := p.users.User(ctx, user)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return u, problem.InvalidLink
	case err != nil:
		return u, fmt.Errorf("reading the account: %w", err)
	case u.Email != email:
		return u, problem.InvalidLink // the address was changed meanwhile: its mailbox proves nothing any more
	}
	return u, nil
}

// passwordVersion is zero where the account has none.
func (p *Portal) passwordVersion(ctx context.Context, user string) (int64, error) {
	return method.PasswordVersion(ctx, p.users, user)
}
