package authportal

import (
	"context"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Approve lets an account in that signed up and waits, and tells its owner by mail. Approving one twice changes nothing.
func (a *Accounts) Approve(ctx context.Context, by By, id string) (store.User, error) {
	before, after, err := a.update(ctx, id, func(u *store.User) error {
		u.Approved = true
		return nil
	})
	if err != nil || before.Approved {
		return after, accountProblem(err)
	}
	a.emit(ctx, by, Event{Kind: EventUserChange, Result: ResultOK, Reason: "approved", UserID: id, Username: after.Username})
	a.decided(ctx, by, mailApproved, &after)
	return after, nil
}

// Decline deletes an account that waits for approval, and tells its owner by mail.
func (a *Accounts) Decline(ctx context.Context, by By, id string) error {
	u, err := a.users.User(ctx, id)
	if err != nil {
		return accountProblem(err)
	}
	if u.Approved {
		a.emitRefusal(ctx, by, EventUserDelete, id, errDecided)
		return errDecided
	}
	if err := a.Delete(ctx, by, id); err != nil {
		return err
	}
	a.decided(ctx, by, mailDeclined, &u)
	return nil
}

var errDecided = &Problem{Status: 409, Code: "conflict", Detail: "the account was approved already; disable or delete it instead"}

// decided tells the owner. The decision stands, whether it can be told or not. An address that nobody confirmed gets
// nothing: whoever reads there may never have heard of us.
func (a *Accounts) decided(ctx context.Context, by By, kind string, u *store.User) {
	if !u.Confirmed {
		return
	}
	if err := a.post(context.WithoutCancel(ctx), kind, u.Email, about{Base: by.Base, User: u.ID}); err != nil {
		a.log.WarnContext(ctx, "the owner of an account could not be told of a decision", "user_id", u.ID, "error", err)
	}
}

// Invite sends the owner of an account that has no password yet a link by which they choose one and are signed in. The link
// is good once, for this account with its address, and what roles the account holds is the administrator's choice alone.
func (a *Accounts) Invite(ctx context.Context, by By, id string) error {
	u, err := a.users.User(ctx, id)
	if err != nil {
		return accountProblem(err)
	}
	if err := a.invite(ctx, by, &u); err != nil {
		a.emitRefusal(ctx, by, EventUserChange, id, err)
		return err
	}
	a.emit(ctx, by, Event{Kind: EventUserChange, Result: ResultOK, Reason: "invited", UserID: id, Username: u.Username})
	return nil
}

func (a *Accounts) invite(ctx context.Context, by By, u *store.User) error {
	has, err := a.users.CredentialsOf(ctx, u.ID, store.KindPassword)
	switch {
	case err != nil:
		return fmt.Errorf("reading the password: %w", err)
	case a.outbox == nil || a.passwords == nil || by.Base == "":
		return &Problem{Status: 409, Code: "conflict", Detail: "invitations need mail, passwords, and an address of the pages"}
	case u.Email == "" || len(has) > 0 || !u.Enabled:
		return &Problem{Status: 409, Code: "conflict", Detail: "only an enabled account with an address and without a password can be invited"}
	}
	return a.post(ctx, mailInvite, u.Email, about{Base: by.Base, User: u.ID})
}
