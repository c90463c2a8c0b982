package authportal

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/onetime"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// A sign-in ticket is a link by which an administrator lets somebody in once: who has lost what they sign in by, or
// whose account is to be looked at as they see it. It is the first proof of a sign-in like any other: a second factor
// and a password that is due are asked for as ever, and the session says that it came by a ticket.

const (
	ticketSignIn = "sign in" // purpose of its token
	ticketProof  = "ticket"  // what it counts as among the methods of a session
	ticketLife   = 10 * time.Minute
)

// signInTicket is the Data of a credential of kind store.KindSignInTicket.
type signInTicket struct {
	Actor   string `json:"a"`
	Version int64  `json:"v"` // of the account; with another it opens nothing
}

var errNoTicket = &problem.Problem{Status: 409, Code: "conflict",
	Detail: "only an enabled, approved and confirmed account can be given a ticket"}

// MakeTicket returns a link that signs in as the account, once, until the time. Any ticket from before is void. It dies with
// any change of the account or its password, and when an administrator ends the sessions. The owner is told by mail.
func (p *Portal) MakeTicket(ctx context.Context, by Actor, id string) (link string, until time.Time, err error) {
	a := p.accounts
	u, link, until, err := p.makeTicket(ctx, a, by, id)
	if err != nil {
		a.emitRefusal(ctx, by, EventTicketCreate, id, err)
		return "", until, err
	}
	a.emit(ctx, by, Event{Kind: EventTicketCreate, Result: ResultOK, UserID: u.ID, Username: u.Username})
	if u.Confirmed {
		if err := a.post(context.WithoutCancel(ctx), mailSignIn, u.Email, mailPayload{Base: by.Base, User: u.ID}); err != nil {
			p.log.WarnContext(ctx, "the owner could not be told of a sign-in ticket", "user_id", u.ID, "error", err)
		}
	}
	return link, until, nil
}

func (p *Portal) makeTicket(ctx context.Context, a *Accounts, by Actor, id string) (u store.User, link string, until time.Time, err error) {
	if u, err = p.users.User(ctx, id); err != nil {
		return u, "", until, accountProblem(err)
	}
	switch {
	case by.Base == "":
		return u, "", until, &problem.Problem{Status: 409, Code: "conflict", Detail: "the pages have no address that a link could begin with"}
	case p.missing(&u) != nil:
		return u, "", until, errNoTicket
	}
	until = p.now().Add(ticketLife)
	name := u.Email
	if name == "" {
		name = u.Username
	}
	token, err := p.links().IssueCredential(ctx, store.KindSignInTicket,
		onetime.Link{Purpose: ticketSignIn, Subject: u.ID, Email: name, Until: until}, signInTicket{by.ID, u.Version})
	if err != nil {
		return u, "", until, fmt.Errorf("making a sign-in ticket: %w", err)
	}
	return u, by.Base + "/ticket?token=" + url.QueryEscape(token), until, nil
}

// readTicket returns whom a ticket is for, and takes nothing. Without a problem it is good at this moment.
func (p *Portal) readTicket(ctx context.Context, token string) (u store.User, ref credRef, err error) {
	l, secret, ok := p.links().Read(ticketSignIn, token)
	if !ok {
		return u, ref, problem.InvalidLink
	}
	ref = credRef{Kind: store.KindSignInTicket, ID: onetime.KeyID(secret), Version: 1}
	u, _, err = p.ticketNow(ctx, ref.ID)
	if errors.Is(err, errMoved) || err == nil && u.ID != l.Subject {
		return store.User{ID: l.Subject}, ref, problem.InvalidLink
	}
	return u, ref, err
}

// ticketNow reads a ticket and its account; errMoved where it is not good any more.
func (p *Portal) ticketNow(ctx context.Context, id string) (u store.User, t signInTicket, err error) {
	k, err := p.links().Credential(ctx, store.KindSignInTicket, id, &t)
	switch {
	case errors.Is(err, problem.InvalidLink):
		return u, t, errMoved
	case err != nil:
		return u, t, err
	case !p.now().Before(k.Expires):
		return u, t, errMoved
	}
	u, err = p.users.User(ctx, k.Owner)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return u, t, errMoved
	case err != nil:
		return u, t, fmt.Errorf("reading the account: %w", err)
	case u.Version != t.Version:
		return u, t, errMoved
	}
	return u, t, nil
}

// spend uses up the ticket among the proofs: of any number of callers one gets on. It is asked once the session is
// there and nobody knows its secret yet, so that whatever ends tickets and sessions finds either.
func (c *call) spend(ctx context.Context, creds []credRef) error {
	i := slices.IndexFunc(creds, func(k credRef) bool { return k.Kind == store.KindSignInTicket })
	if i < 0 {
		return nil
	}
	u, t, err := c.p.ticketNow(ctx, creds[i].ID)
	if err == nil {
		err = c.p.links().Spend(ctx, store.KindSignInTicket, creds[i].ID)
	}
	switch {
	case errors.Is(err, problem.InvalidLink):
		return errMoved
	case err != nil:
		return err
	}
	c.emit(Event{Kind: EventTicketUse, Result: ResultOK, Actor: t.Actor,
		UserID: u.ID, Username: u.Username, Method: ticketProof})
	return nil
}
