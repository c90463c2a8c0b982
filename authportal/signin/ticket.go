package signin

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/onetime"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// A sign-in ticket is a link by which an administrator lets somebody in once: who has lost what they sign in by, or
// whose account is to be looked at as they see it. It is the first proof of a sign-in like any other: a second factor
// and a password that is due are asked for as ever, and the session says that it came by a ticket.

const (
	ticketSignIn = "sign in" // purpose of its token
	TicketProof  = "ticket"  // what it counts as among the methods of a session
	TicketLife   = 10 * time.Minute
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
func (s *finisher) MakeTicket(ctx context.Context, actor accounts.Actor, id string) (link string, until time.Time, err error) {
	a := s.accounts
	u, link, until, err := s.makeTicket(ctx, a, actor, id)
	if err != nil {
		a.EmitRefusal(ctx, actor, audit.EventTicketCreate, id, err)
		return "", until, err
	}
	a.Emit(ctx, actor, audit.Event{Kind: audit.EventTicketCreate, Result: audit.ResultOK, UserID: u.ID, Username: u.Username})
	if u.Confirmed {
		if err := a.Post(context.WithoutCancel(ctx), message.SignIn, u.Email, message.Payload{Base: actor.Base, User: u.ID}); err != nil {
			s.log.WarnContext(ctx, "the owner could not be told of a sign-in ticket", "user_id", u.ID, "error", err)
		}
	}
	return link, until, nil
}

func (s *finisher) makeTicket(ctx context.Context, a *accounts.Accounts, actor accounts.Actor, id string) (u store.User, link string, until time.Time, err error) {
	if u, err = s.users.User(ctx, id); err != nil {
		return u, "", until, accounts.Problem(err)
	}
	switch {
	case actor.Base == "":
		return u, "", until, &problem.Problem{Status: 409, Code: "conflict", Detail: "the pages have no address that a link could begin with"}
	case s.callers.denialReason(&u) != nil:
		return u, "", until, errNoTicket
	}
	until = s.now().Add(TicketLife)
	name := u.Email
	if name == "" {
		name = u.Username
	}
	token, err := s.guard.Links().IssueCredential(ctx, store.KindSignInTicket,
		onetime.Link{Purpose: ticketSignIn, Subject: u.ID, Email: name, Until: until}, signInTicket{actor.ID, u.Version})
	if err != nil {
		return u, "", until, fmt.Errorf("making a sign-in ticket: %w", err)
	}
	return u, actor.Base + "/ticket?token=" + url.QueryEscape(token), until, nil
}

// readTicket returns whom a ticket is for, and takes nothing. Without a problem it is good at this moment.
func (s *finisher) readTicket(ctx context.Context, token string) (u store.User, ref credRef, err error) {
	l, secret, ok := s.guard.Links().Read(ticketSignIn, token)
	if !ok {
		return u, ref, problem.InvalidLink
	}
	ref = credRef{Kind: store.KindSignInTicket, ID: onetime.KeyID(secret), Version: 1}
	u, _, err = s.ticketNow(ctx, ref.ID)
	if errors.Is(err, ErrCredentialChanged) || err == nil && u.ID != l.Subject {
		return store.User{ID: l.Subject}, ref, problem.InvalidLink
	}
	return u, ref, err
}

// ticketNow reads a ticket and its account; errMoved where it is not good any more.
func (s *finisher) ticketNow(ctx context.Context, id string) (u store.User, t signInTicket, err error) {
	k, err := s.guard.Links().Credential(ctx, store.KindSignInTicket, id, &t)
	switch {
	case errors.Is(err, problem.InvalidLink):
		return u, t, ErrCredentialChanged
	case err != nil:
		return u, t, err
	case !s.now().Before(k.Expires):
		return u, t, ErrCredentialChanged
	}
	u, err = s.users.User(ctx, k.Owner)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return u, t, ErrCredentialChanged
	case err != nil:
		return u, t, fmt.Errorf("reading the account: %w", err)
	case u.Version != t.Version:
		return u, t, ErrCredentialChanged
	}
	return u, t, nil
}

// spend uses up the ticket among the proofs: of any number of callers one gets on. It is asked once the session is
// there and nobody knows its secret yet, so that whatever ends tickets and sessions finds either.
func (s *finisher) spend(c *web.Call, ctx context.Context, creds []credRef) error {
	i := slices.IndexFunc(creds, func(ref credRef) bool { return ref.Kind == store.KindSignInTicket })
	if i < 0 {
		return nil
	}
	u, t, err := s.ticketNow(ctx, creds[i].ID)
	if err == nil {
		err = s.guard.Links().Spend(ctx, store.KindSignInTicket, creds[i].ID)
	}
	switch {
	case errors.Is(err, problem.InvalidLink):
		return ErrCredentialChanged
	case err != nil:
		return err
	}
	c.Emit(audit.Event{Kind: audit.EventTicketUse, Result: audit.ResultOK, Actor: t.Actor,
		UserID: u.ID, Username: u.Username, Method: TicketProof})
	return nil
}
