package accounts

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

var errNoPassword = &problem.Problem{Status: 409, Code: "conflict", Detail: "the account has no password: invite its owner instead"}

// requirePassword refuses to ask for a new password where there is none to be replaced.
func (a *core) requirePassword(ctx context.Context, id string) error {
	has, err := a.HasPassword(ctx, id)
	switch {
	case err != nil:
		return err
	case a.passwords == nil || !has:
		return errNoPassword
	}
	return nil
}

func (a *core) HasPassword(ctx context.Context, id string) (bool, error) {
	list, err := a.users.CredentialsOf(ctx, id, store.KindPassword)
	if err != nil {
		return false, fmt.Errorf("reading the password: %w", err)
	}
	return len(list) > 0, nil
}

// ReplacePassword puts a new password in the place of the version that was there, or of none where it is 0, and ends
// what the table of recoveries says, but for the session that it is done with. With due the new password is good for
// nothing but choosing another. store.ErrStale or store.ErrNotFound: the password was changed by others at this very
// moment.
func (a *core) ReplacePassword(ctx context.Context, password store.Credential, session string,
	due bool) (u store.User, err error) {
	_, err = a.carryOut(ctx, recoveryOf{act: RecoveryPassword, account: password.Owner, session: session,
		change: func() error {
			put := a.users.SwapCredential
			if password.Version == 0 {
				put = a.users.PutCredential
			}
			if err := put(context.WithoutCancel(ctx), password); err != nil {
				return fmt.Errorf("storing the password: %w", err)
			}
			return nil
		}})
	if err != nil {
		return u, err
	}
	return a.passwordChosen(context.WithoutCancel(ctx), password.Owner, due)
}

// DropPassword takes a password that nobody can replace, because there is none here to be chosen.
func (a *core) DropPassword(ctx context.Context, id string) (u store.User, err error) {
	if err := a.forget(ctx, id, store.KindPassword); err != nil {
		return u, fmt.Errorf("taking a password that nobody can replace: %w", err)
	}
	return a.passwordChosen(ctx, id, false)
}

// passwordChosen notes that the account has a password that its owner, or an administrator, has just chosen.
func (a *core) passwordChosen(ctx context.Context, id string, due bool) (store.User, error) {
	_, u, err := a.update(ctx, id, func(u *store.User) error {
		u.MustChangePassword, u.Invited = due, time.Time{}
		return nil
	})
	return u, err
}
