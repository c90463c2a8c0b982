package authportal

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Approve lets an account in that signed up and waits, and tells its owner by mail. Approving one twice changes
// nothing.
func (a *Accounts) Approve(ctx context.Context, by Actor, id string) (store.User, error) {
	return a.Set(ctx, by, id, UserChange{Approved: new(true)})
}

// Decline deletes an account that waits for approval, and tells its owner by mail.
func (a *Accounts) Decline(ctx context.Context, by Actor, id string) error {
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

var errDecided = &Problem{Status: 409, Code: "conflict",
	Detail: "the account was approved already; disable or delete it instead"}

// decided tells the owner. The decision stands, whether it can be told or not. An address that nobody confirmed gets
// nothing: whoever reads there may never have heard of us.
func (a *Accounts) decided(ctx context.Context, by Actor, kind string, u *store.User) {
	if !u.Confirmed {
		return
	}
	if err := a.post(context.WithoutCancel(ctx), kind, u.Email, about{Base: by.Base, User: u.ID}); err != nil {
		a.log.WarnContext(ctx, "the owner of an account could not be told of a decision", "user_id", u.ID, "error", err)
	}
}
