package accounts

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Post queues a message. Without mail it does nothing: what depends on mail is not offered then.
func (a *core) Post(ctx context.Context, kind, to string, what message.Payload) error {
	if a.outbox == nil || to == "" {
		return nil
	}
	payload, err := json.Marshal(what)
	if err != nil {
		return err
	}
	id, err := a.newID()
	if err != nil {
		return err
	}
	now := a.now()
	if err := a.outbox.QueueMail(ctx,
		store.Mail{ID: id, Kind: kind, To: to, Payload: payload, Created: now, Due: now}); err != nil {
		return fmt.Errorf("queueing a message: %w", err)
	}
	return nil
}

// Confirm marks the address of an account as confirmed, by the link of its sign-up.
func (a *core) Confirm(ctx context.Context, id, email string) (store.User, error) {
	_, after, err := a.update(ctx, id, func(u *store.User) error {
		if u.Email != email || u.Confirmed {
			return problem.InvalidLink
		}
		u.Confirmed = true
		return nil
	})
	return after, err
}

// ProveMailbox marks the address of an account as confirmed by another way than the link of its sign-up. If it was not
// confirmed before, ProveMailbox first voids everything the account holds: an attacker may have signed up with a
// stranger's address and set it up, to wait for its owner (account pre-hijacking).
func (a *core) ProveMailbox(ctx context.Context, u store.User) (store.User, error) {
	if u.Confirmed {
		return u, nil
	}
	email := u.Email
	if _, err := a.carryOut(ctx, recoveryAct{act: RecoveryMailbox, account: u.ID}); err != nil {
		return u, err
	}
	_, after, err := a.update(ctx, u.ID, func(u *store.User) error {
		if u.Email != email {
			return problem.InvalidLink
		}
		u.Confirmed = true
		return nil
	})
	return after, err
}
