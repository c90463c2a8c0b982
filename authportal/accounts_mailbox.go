package authportal

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/store"
)

// errOtherAddress says that an account has another address by now: what was sent to the old one opens nothing any more.
var errOtherAddress = &Problem{Status: 400, Code: "invalid_token",
	Detail: "the link is used, old or incomplete; ask for a new one"}

// post queues a message. Without mail it does nothing: what depends on it is not offered then.
func (a *Accounts) post(ctx context.Context, kind, to string, what about) error {
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

// confirm notes that the address of an account is its owner's, by the link that was sent when they signed up.
func (a *Accounts) confirm(ctx context.Context, id, email string) (store.User, error) {
	_, after, err := a.update(ctx, id, func(u *store.User) error {
		if u.Email != email || u.Confirmed {
			return errOtherAddress
		}
		u.Confirmed = true
		return nil
	})
	return after, err
}

// proveMailbox notes that the address of an account is that of whoever has just shown it by another way than the link
// of the sign-up. Where nobody had shown it before, whatever the account holds was put there by somebody who may be
// another: an attacker who signs up with a stranger's address and waits (pre-hijacking). All of it goes before the
// address counts.
func (a *Accounts) proveMailbox(ctx context.Context, u store.User) (store.User, error) {
	if u.Confirmed {
		return u, nil
	}
	email := u.Email
	if _, err := a.carryOut(ctx, recoveryOf{act: RecoveryMailbox, account: u.ID}); err != nil {
		return u, err
	}
	_, after, err := a.update(ctx, u.ID, func(u *store.User) error {
		if u.Email != email {
			return errOtherAddress
		}
		u.Confirmed = true
		return nil
	})
	return after, err
}
