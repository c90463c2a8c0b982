package accounts

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Approve approves an account that signed up, and notifies its owner by email. It has no effect on an approved account.
func (a *changes) Approve(ctx context.Context, by Actor, id string) (store.User, error) {
	return a.Set(ctx, by, id, UserChange{Approved: new(true)})
}

// Decline deletes an account that waits for approval, and notifies its owner by email.
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

// ErrDecided refuses to decline an approved account.
var ErrDecided = &problem.Problem{Status: 409, Code: "conflict",
	Detail: "the account was approved already; disable or delete it instead"}

// Decided notifies the owner of a decision, which does not depend on the notice. An unconfirmed address gets no
// message: its reader may never have signed up here.
func (a *changes) Decided(ctx context.Context, by Actor, kind string, u *store.User) {
	if !u.Confirmed {
		return
	}
	if err := a.core.Post(context.WithoutCancel(ctx), kind, u.Email,
		message.Payload{Base: by.Base, User: u.ID}); err != nil {
		a.log.WarnContext(ctx, "queueing the message about a decision failed", "user_id", u.ID, "error", err)
	}
}
