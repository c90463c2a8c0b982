package authportal

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

const ticketInvite = "invite"

// writeInvite writes to somebody for whom an administrator made an account.
func (p *Portal) writeInvite(ctx context.Context, l *mailMessage, to string, a *mailPayload) (*mailMessage, error) {
	u, err := p.users.User(ctx, a.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && !readable(&u, to) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("reading the account: %w", err)
	}
	version, err := p.passwordVersion(ctx, u.ID)
	if err != nil || version > 0 {
		return nil, err // they have chosen one meanwhile
	}
	token, err := p.issueMailLink(ctx, ticketInvite, mailTicket{User: u.ID, Email: u.Email}, inviteLife)
	l.Link = a.Base + "/signup?invite=" + url.QueryEscape(token)
	return l, err
}

// acceptInvite is the sign-up of somebody who was invited: it completes the account that waits for them, signs them in,
// and chooses neither address nor username nor roles.
func (c *call) acceptInvite(f map[string]string) (out *outcome, u store.User, err error) {
	if !c.p.mails() || c.p.accounts.Passwords() == nil {
		return nil, u, errSignupClosed
	}
	if err := c.mustHTTPS(); err != nil {
		return nil, u, err
	}
	g, err := c.guess("")
	if err != nil {
		return nil, u, err
	}
	u, made, err := c.useInvite(f)
	if err != nil {
		if weFailed(err) {
			g.giveBack()
		}
		return nil, u, err
	}
	g.giveBack()
	proven := method.Proven{User: u, Kind: made.Kind, ID: made.ID, Version: 1}
	out, err = c.finish(proven, c.p.passwordMethod(), c.intent(f["to"], f["flow"]), false)
	return out, u, err
}

// useInvite checks what was typed before it takes the link, which a typing error does not use up.
func (c *call) useInvite(f map[string]string) (u store.User, made store.Credential, err error) {
	l, _, ok := c.p.links().Read(ticketInvite, f["invite"])
	if !ok {
		return u, made, problem.InvalidLink
	}
	if typed, err := NormalizeEmail(f["email"]); f["email"] != "" && (err != nil || typed != l.Email) {
		return u, made, problem.InvalidField("email", "is not the one that was invited")
	}
	if u, err = c.p.linkOwner(c.ctx(), l.Subject, l.Email); err != nil {
		return store.User{}, made, err
	}
	name, err := NormalizeName(f["name"])
	if err != nil {
		return u, made, accountProblem(err)
	}
	own, err := c.p.readOwnFields(f, true)
	if err != nil {
		return u, made, accountProblem(err)
	}
	if f["password"] == "" {
		return u, made, accountProblem(&method.UnacceptableError{Reason: "too_short"})
	}
	if made, err = c.p.accounts.Passwords().MakePassword(c.ctx(), &u, f["password"]); err != nil {
		return u, made, accountProblem(err)
	}
	t, err := c.p.takeMailLink(c.ctx(), ticketInvite, f["invite"])
	if err != nil {
		return u, made, err
	}
	// Nobody hangs up between the link and the password.
	ctx := context.WithoutCancel(c.ctx())
	if u, err = c.p.linkOwner(ctx, t.User, t.Email); err != nil {
		return u, made, err
	}
	if version, err := c.p.passwordVersion(ctx, u.ID); err != nil || version > 0 || !u.Enabled {
		return u, made, or(err, problem.InvalidLink)
	}
	if u, err = c.proveMailbox(u); err != nil {
		return u, made, err
	}
	u, err = c.p.accounts.acceptInvitation(ctx, u.ID, name, own, made)
	return u, made, err
}
