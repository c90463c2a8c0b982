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

// MailTicket is what the store keeps of a link in an email. A changed address voids it; a changed password voids one
// that replaces the password.
type MailTicket struct {
	User     string `json:"u,omitempty"`
	Email    string `json:"e"`
	Password int64  `json:"p,omitempty"` // version of the password credential
	To       string `json:"t,omitempty"`
	Flow     string `json:"f,omitempty"`
}

// Links returns the issuer of one-time links.
func (s *guard) Links() *onetime.Links {
	return &onetime.Links{Keys: s.keys, Tickets: s.sessions, Credentials: s.accounts.LinkCredentials(), Now: s.now,
		Rand: s.rand}
}

// IssueMailLink stores a ticket and returns the token of its link.
func (s *links) IssueMailLink(ctx context.Context, purpose string, t MailTicket, life time.Duration) (string, error) {
	link := onetime.Link{Purpose: purpose, Subject: t.User, Email: t.Email, Until: s.now().Add(life)}
	return s.guard.Links().Issue(ctx, link, t)
}

// TakeMailLink uses a link up. Of any number of concurrent callers one succeeds.
func (s *links) TakeMailLink(ctx context.Context, purpose, token string) (t MailTicket, err error) {
	err = s.guard.Links().Take(ctx, purpose, token, &t)
	return t, err
}

// LinkOwner returns the account of a link while it still has the address that the link was made for.
func (s *links) LinkOwner(ctx context.Context, user, email string) (store.User, error) {
	u, err := s.users.User(ctx, user)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return u, problem.InvalidLink
	case err != nil:
		return u, fmt.Errorf("reading the account: %w", err)
	case u.Email != email:
		return u, problem.InvalidLink // the address has changed; this mailbox proves nothing
	}
	return u, nil
}

// PasswordVersion returns the version of the user's password, zero without one.
func (s *links) PasswordVersion(ctx context.Context, user string) (int64, error) {
	return method.PasswordVersion(ctx, s.users, user)
}
