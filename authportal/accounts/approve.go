package accounts

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Approve lets an account in that signed up and waits, and tells its owner by mail. Approving one twice changes
// nothing.
func (a *changes) Approve(ctx context.Context, by Actor, id string) (store.User, error) {
	return a.Set(ctx, by, id, UserChange{Approved: new(true)})
}

// Decline deletes an account that waits for approval, and tells its owner by mail.
func (a *changes) Decline(ctx context.Context, by Actor, id string) error {
	u, err := a.users.User(ctx, id)
	if err != nil {
		return Problem(err)
	}
	if u.Approved {
		a.EmitRefusal(ctx, by, audit.EventUserDelete, id, ErrDecided)
		return ErrDecided
	}
	if err := a.Delete(ctx, by, id); err != nil {
		return err
	}
	a.Decided(ctx, by, message.Declined, &u)
	return nil
}

var ErrDecided = &problem.Problem{Status: 409, Code: "conflict", Detail: "the account was approved already; disable or delete it instead"}

// Decided tells the owner. The decision stands, whether it can be told or not. An address that nobody confirmed gets
// nothing: whoever reads there may never have heard of us.
func (a *changes) Decided(ctx context.Context, by Actor, kind string, u *store.User) {
	if !u.Confirmed {
		return
	}
	if err := a.core.Post(context.WithoutCancel(ctx), kind, u.Email, message.Payload{Base: by.Base, User: u.ID}); err != nil {
		a.log.WarnContext(ctx, "the owner of an account could not be told of a decision", "user_id", u.ID, "error", err)
	}
}
