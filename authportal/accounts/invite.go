package accounts

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

var (
	errNoInvitations = &problem.Problem{Status: 409, Code: "conflict",
		Detail: "invitations need mail, passwords, and an address of the pages"}
	errNotInvited = &problem.Problem{Status: 409, Code: "conflict",
		Detail: "only an enabled account with an address and without a password can be invited"}
)

// canInvite reports whether invitations are possible at all.
func (a *changes) canInvite(by Actor) bool {
	return a.outbox != nil && a.passwords != nil && by.Base != ""
}

// Invite sends the owner of an account without a password a link to choose one and sign in. The link works once, for
// this account with its present address. Only the administrator decides on the roles of the account.
func (a *changes) Invite(ctx context.Context, by Actor, id string) (store.User, error) {
	u, err := a.invite(ctx, by, id)
	if err != nil {
		a.EmitRefusal(ctx, by, audit.EventUserChange, id, err)
		return u, err
	}
	a.core.Emit(ctx, by, audit.Event{Kind: audit.EventUserChange, Result: audit.ResultOK, Reason: "invited", UserID: id,
		Username: u.Username})
	return u, nil
}

func (a *changes) invite(ctx context.Context, by Actor, id string) (u store.User, err error) {
	if !a.canInvite(by) {
		if _, err := a.users.User(ctx, id); errors.Is(err, store.ErrNotFound) {
			return u, problem.NotFound
		}
		return u, errNoInvitations
	}
	has, err := a.core.HasPassword(ctx, id)
	if err != nil {
		return u, err
	}
	_, u, err = a.core.update(ctx, id, func(u *store.User) error {
		if u.Email == "" || has || !u.Enabled {
			return errNotInvited
		}
		u.Invited = a.now()
		return nil
	})
	if err != nil {
		return u, Problem(err)
	}
	return u, a.core.Post(ctx, message.Invite, u.Email, message.Payload{Base: by.Base, User: u.ID})
}

// AddInvited is Add followed by Invite. It creates no account if it could not be invited.
func (a *changes) AddInvited(ctx context.Context, by Actor, n NewUser) (store.User, error) {
	switch {
	case !a.canInvite(by):
		return store.User{}, errNoInvitations
	case n.Password != "" || n.Disabled:
		return store.User{}, errNotInvited
	}
	u, err := a.Add(ctx, by, n)
	if err != nil {
		return u, err
	}
	return a.Invite(ctx, by, u.ID)
}
