package signin

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

// MailTicket is what the store keeps of a link in an email. It is worth nothing once the account has another address,
// or, for what replaces a password, another password.
type MailTicket struct {
	User     string `json:"u,omitempty"`
	Email    string `json:"e"`
	Password int64  `json:"p,omitempty"` // version of the password
	To       string `json:"t,omitempty"`
	Flow     string `json:"f,omitempty"`
}

// Links makes one-time links and uses them up.
func (s *guard) Links() *onetime.Links {
	return &onetime.Links{Keys: s.keys, Tickets: s.sessions, Credentials: s.accounts.LinkCredentials(), Now: s.now, Rand: s.rand}
}

// IssueMailLink makes a link that a ticket backs, and returns its token.
func (s *links) IssueMailLink(ctx context.Context, purpose string, t MailTicket, life time.Duration) (string, error) {
	link := onetime.Link{Purpose: purpose, Subject: t.User, Email: t.Email, Until: s.now().Add(life)}
	return s.guard.Links().Issue(ctx, link, t)
}

// TakeMailLink uses a link up: of any number of callers one gets what it is good for.
func (s *links) TakeMailLink(ctx context.Context, purpose, token string) (t MailTicket, err error) {
	err = s.guard.Links().Take(ctx, purpose, token, &t)
	return t, err
}

// LinkOwner returns the account that a link is about, as long as it is still the one that it was made for.
func (s *links) LinkOwner(ctx context.Context, user, email string) (store.User, error) {
	u, err := s.users.User(ctx, user)
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

// PasswordVersion is zero where the account has none.
func (s *links) PasswordVersion(ctx context.Context, user string) (int64, error) {
	return method.PasswordVersion(ctx, s.users, user)
}
