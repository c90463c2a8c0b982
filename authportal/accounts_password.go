package authportal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

var errNoPassword = &Problem{Status: 409, Code: "conflict", Detail: "the account has no password: invite its owner instead"}

// mayOwePassword refuses to ask for a new password where there is none to be replaced.
func (a *Accounts) mayOwePassword(ctx context.Context, id string) error {
	has, err := a.hasPassword(ctx, id)
	switch {
	case err != nil:
		return err
	case a.passwords == nil || !has:
		return errNoPassword
	}
	return nil
}

func (a *Accounts) hasPassword(ctx context.Context, id string) (bool, error) {
	list, err := a.users.CredentialsOf(ctx, id, store.KindPassword)
	if err != nil {
		return false, fmt.Errorf("reading the password: %w", err)
	}
	return len(list) > 0, nil
}

// replacePassword stores a new password by put and ends every sign-in but one. Sessions end before as well: where they
// cannot, the old password stays and the caller may try again, instead of a new password beside sessions that someone
// opened with the old one. A sign-in under way meanwhile looks at its credential once more and gives up. With due the new
// password is good for nothing but choosing another.
func (a *Accounts) replacePassword(ctx context.Context, id, except string, due bool, put func() error) (u store.User, err error) {
	end := func() error {
		if _, err := a.sessions.EndSessionsOf(ctx, id, except); err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("ending the sessions of the old password: %w", err)
		}
		return nil
	}
	if err := end(); err != nil {
		return u, err
	}
	if err := put(); err != nil {
		return u, fmt.Errorf("storing the password: %w", err)
	}
	// Not cut off by whoever hangs up between the two.
	ctx = context.WithoutCancel(ctx)
	// A browser that is known has a counter of guesses of its own, and one of them may be that of the thief whom a new
	// password is to shut out.
	if err := a.forget(ctx, id, store.KindKnownBrowser, store.KindSignInTicket); err != nil {
		a.log.WarnContext(ctx, "what was known of the old password is forgotten later", slog.String("user_id", id), slog.Any("error", err))
	}
	if err := end(); err != nil {
		return u, err
	}
	return a.passwordChosen(ctx, id, due)
}

// passwordChosen notes that the account has a password that its owner, or an administrator, has just chosen.
func (a *Accounts) passwordChosen(ctx context.Context, id string, due bool) (store.User, error) {
	_, u, err := a.update(ctx, id, func(u *store.User) error {
		u.MustChangePassword, u.Invited = due, time.Time{}
		return nil
	})
	return u, err
}

// forget takes every credential of those kinds from an account.
func (a *Accounts) forget(ctx context.Context, id string, kinds ...string) (err error) {
	for _, kind := range kinds {
		list, e := a.users.CredentialsOf(ctx, id, kind)
		err = errors.Join(err, e)
		for i := range list {
			if e := a.users.DeleteCredential(ctx, kind, list[i].ID); e != nil && !errors.Is(e, store.ErrNotFound) {
				err = errors.Join(err, e)
			}
		}
	}
	return err
}
