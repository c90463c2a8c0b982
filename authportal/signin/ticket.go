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

// A sign-in ticket is a link by which an administrator lets a person in once who has lost their credentials, or views
// an account as its owner sees it. It is the first proof of an ordinary sign-in: a second factor and a required new
// password are still asked for, and the session records that a ticket opened it.

const (
	ticketSignIn = "sign in" // purpose of the token
	TicketProof  = "ticket"  // its method name in a session
	TicketLife   = 10 * time.Minute
)

// signInTicket is the Data of a credential of kind store.KindSignInTicket.
type signInTicket struct {
	Actor   string `json:"a"`
	Version int64  `json:"v"` // of the account; any change voids the ticket
}

var errNoTicket = &problem.Problem{Status: 409, Code: "conflict",
	Detail: "only an enabled, approved and confirmed account can be given a ticket"}

// MakeTicket returns a link that signs in to the account once, and its expiry. It voids any earlier ticket. A change of
// the account or its password voids it, and so does an administrator who ends the sessions. The owner is notified by
// email.
func (s *finisher) MakeTicket(
	ctx context.Context, actor accounts.Actor, id string,
) (link string, until time.Time, err error) {
	a := s.accounts
	u, link, until, err := s.makeTicket(ctx, a, actor, id)
	if err != nil {
		a.EmitRefusal(ctx, actor, audit.EventTicketCreate, id, err)
		return "", until, err
	}
	a.Emit(ctx, actor, audit.Event{Kind: audit.EventTicketCreate, Result: audit.ResultOK, UserID: u.ID,
		Username: u.Username})
	if u.Confirmed {
		payload := message.Payload{Base: actor.Base, User: u.ID}
		if err := a.Post(context.WithoutCancel(ctx), message.SignIn, u.Email, payload); err != nil {
			s.log.WarnContext(ctx, "queueing the notice of a sign-in ticket failed", "user_id", u.ID, "error", err)
		}
	}
	return link, until, nil
}

func (s *finisher) makeTicket(
	ctx context.Context, a *accounts.Accounts, actor accounts.Actor, id string,
) (u store.User, link string, until time.Time, err error) {
	if u, err = s.users.User(ctx, id); err != nil {
		return u, "", until, accounts.Problem(err)
	}
	switch {
	case actor.Base == "":
		return u, "", until, &problem.Problem{Status: 409, Code: "conflict",
			Detail: "the pages have no address that a link could begin with"}
	case s.callers.denialReason(&u) != nil:
		return u, "", until, errNoTicket
	}
	until = s.now().Add(TicketLife)
	name := u.Email
	if name == "" {
		name = u.Username
	}
	token, err := s.guard.Links().IssueCredential(ctx, store.KindSignInTicket,
		onetime.Link{Purpose: ticketSignIn, Subject: u.ID, Email: name, Until: until},
		signInTicket{actor.ID, u.Version})
	if err != nil {
		return u, "", until, fmt.Errorf("making a sign-in ticket: %w", err)
	}
	return u, actor.Base + "/ticket?token=" + url.QueryEscape(token), until, nil
}

// readTicket returns the account and credential of a ticket that is valid now, without using it up.
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

// ticketNow reads a ticket and its account. It returns ErrCredentialChanged if the ticket is void.
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

// spend uses up the ticket among the proofs; of any number of concurrent callers one succeeds. It runs when the session
// is stored and its secret not yet sent, so that whatever ends tickets and sessions finds one or the other.
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
