package authportal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/store"
)

// post queues a letter. Without mail it does nothing: what depends on it is not offered then.
func (a *Accounts) post(ctx context.Context, kind, to string, what mailPayload) error {
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
	if err := a.outbox.QueueMail(ctx, store.Mail{ID: id, Kind: kind, To: to, Payload: payload, Created: now, Due: now}); err != nil {
		return fmt.Errorf("queueing a letter: %w", err)
	}
	return nil
}

// confirm notes that the address of an account is its owner's, by the link that was sent when they signed up.
func (a *Accounts) confirm(ctx context.Context, id, email string) (store.User, error) {
	_, after, err := a.update(ctx, id, func(u *store.User) error {
		if u.Email != email || u.Confirmed {
			return errMailToken
		}
		u.Confirmed = true
		return nil
	})
	return after, err
}

// proveMailbox notes that the address of an account is that of whoever has just shown it by another way than the link of
// the sign-up. Where nobody had shown it before, whatever the account holds was put there by somebody who may be another:
// an attacker who signs up with a stranger's address and waits (pre-hijacking). All of it goes before the address counts.
func (a *Accounts) proveMailbox(ctx context.Context, u store.User) (store.User, error) {
	if u.Confirmed {
		return u, nil
	}
	email := u.Email
	if err := a.voidAll(ctx, u.ID); err != nil {
		return u, err
	}
	_, after, err := a.update(ctx, u.ID, func(u *store.User) error {
		if u.Email != email {
			return errMailToken
		}
		u.Confirmed = true
		return nil
	})
	return after, err
}

// voidAll takes every session and credential of an account, so that nobody who knew one is inside or comes back.
func (a *Accounts) voidAll(ctx context.Context, id string) error {
	return a.void(ctx, id, func(*store.Credential) bool { return true })
}

// void takes every session of an account, and those credentials that which selects. Sessions end on both sides of the
// credentials: one that opens in between looks at its credential once more and gives up.
func (a *Accounts) void(ctx context.Context, id string, which func(*store.Credential) bool) error {
	end := func() error {
		if _, err := a.sessions.EndSessionsOf(ctx, id, ""); err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("ending sessions from before the proof: %w", err)
		}
		return nil
	}
	if err := end(); err != nil {
		return err
	}
	creds, err := a.users.CredentialsOf(ctx, id, "")
	if err != nil {
		return fmt.Errorf("reading credentials from before the proof: %w", err)
	}
	for i := range creds {
		k := &creds[i]
		if !which(k) {
			continue
		}
		if err := a.users.DeleteCredential(ctx, k.Kind, k.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("voiding a credential from before the proof: %w", err)
		}
	}
	return end()
}
