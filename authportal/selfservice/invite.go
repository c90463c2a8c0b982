package selfservice

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

const ticketInvite = "invite"

// composeInvite composes the invitation to an account that an administrator made.
func (s *invites) composeInvite(ctx context.Context, msg *message.Message, to string, p *message.Payload) (
	*message.Message, error) {
	u, err := s.users.User(ctx, p.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && !message.Readable(&u, to) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("reading the account: %w", err)
	}
	version, err := s.signin.PasswordVersion(ctx, u.ID)
	if err != nil || version > 0 {
		return nil, err // the owner already has a password
	}
	ticket := signin.MailTicket{User: u.ID, Email: u.Email}
	token, err := s.signin.IssueMailLink(ctx, ticketInvite, ticket, message.InviteLife)
	msg.Link = p.Base + "/signup?invite=" + url.QueryEscape(token)
	return msg, err
}

// acceptInvite is the sign-up of an invited user. It completes the account that an administrator made and signs in. The
// user cannot choose the address, the username or the roles.
func (s *invites) acceptInvite(c *web.Call, f map[string]string) (out *signin.LoginResult, u store.User, err error) {
	if !s.signin.Mails() || s.accounts.Passwords() == nil {
		return nil, u, errSignupClosed
	}
	if err := s.signin.MustHTTPS(c); err != nil {
		return nil, u, err
	}
	g, err := s.signin.Guess(c, "")
	if err != nil {
		return nil, u, err
	}
	u, made, err := s.useInvite(c, f)
	if err != nil {
		if problem.IsFault(err) {
			g.GiveBack()
		}
		return nil, u, err
	}
	g.GiveBack()
	proven := method.Proven{User: u, Kind: made.Kind, ID: made.ID, Version: 1}
	out, err = s.signin.Finish(c, proven, s.rules.passwordMethod(), s.signin.ParseLoginRequest(c, f["to"], f["flow"]), false)
	return out, u, err
}

// useInvite validates the input before it spends the link, so that a typing error does not spend it.
func (s *invites) useInvite(c *web.Call, f map[string]string) (u store.User, made store.Credential, err error) {
	l, _, ok := s.signin.Links().Read(ticketInvite, f["invite"])
	if !ok {
		return u, made, problem.InvalidLink
	}
	if typed, err := accounts.NormalizeEmail(f["email"]); f["email"] != "" && (err != nil || typed != l.Email) {
		return u, made, problem.InvalidField("email", "is not the one that was invited")
	}
	if u, err = s.signin.LinkOwner(c.Ctx(), l.Subject, l.Email); err != nil {
		return store.User{}, made, err
	}
	name, err := accounts.NormalizeName(f["name"])
	if err != nil {
		return u, made, accounts.Problem(err)
	}
	own, err := s.rules.readOwnFields(f, true)
	if err != nil {
		return u, made, accounts.Problem(err)
	}
	if f["password"] == "" {
		return u, made, accounts.Problem(&method.UnacceptableError{Reason: "too_short"})
	}
	if made, err = s.accounts.Passwords().MakePassword(c.Ctx(), &u, f["password"]); err != nil {
		return u, made, accounts.Problem(err)
	}
	t, err := s.signin.TakeMailLink(c.Ctx(), ticketInvite, f["invite"])
	if err != nil {
		return u, made, err
	}
	// The link is spent: finish even if the client disconnects.
	ctx := context.WithoutCancel(c.Ctx())
	if u, err = s.signin.LinkOwner(ctx, t.User, t.Email); err != nil {
		return u, made, err
	}
	if version, err := s.signin.PasswordVersion(ctx, u.ID); err != nil || version > 0 || !u.Enabled {
		return u, made, web.Or(err, problem.InvalidLink)
	}
	if u, err = s.signin.ProveMailbox(c, u); err != nil {
		return u, made, err
	}
	u, err = s.accounts.AcceptInvitation(ctx, u.ID, name, own, made)
	return u, made, err
}
