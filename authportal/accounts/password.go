package accounts

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

var errNoPassword = &problem.Problem{Status: 409, Code: "conflict",
	Detail: "the account has no password: invite its owner instead"}

// requirePassword returns an error if the account has no password that could be replaced.
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

// HasPassword reports whether the account has a password.
func (a *core) HasPassword(ctx context.Context, id string) (bool, error) {
	list, err := a.users.CredentialsOf(ctx, id, store.KindPassword)
	if err != nil {
		return false, fmt.Errorf("reading the password: %w", err)
	}
	return len(list) > 0, nil
}

// ReplacePassword replaces that version of the password, or any if it is 0, and ends what Recoveries lists, except the
// session that performs it. With mustChange the new password only serves to choose another. store.ErrStale or
// store.ErrNotFound: a concurrent call changed the password.
func (a *core) ReplacePassword(ctx context.Context, password store.Credential, session string,
	mustChange bool) (u store.User, err error) {
	_, err = a.carryOut(ctx, recoveryAct{act: RecoveryPassword, account: password.Owner, session: session,
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
	return a.passwordChosen(context.WithoutCancel(ctx), password.Owner, mustChange)
}

// DropPassword removes a password that its owner cannot replace, because sign-in by password is not configured.
func (a *core) DropPassword(ctx context.Context, id string) (u store.User, err error) {
	if err := a.deleteKinds(ctx, id, store.KindPassword); err != nil {
		return u, fmt.Errorf("dropping the password: %w", err)
	}
	return a.passwordChosen(ctx, id, false)
}

// passwordChosen clears the demand for a new password, or sets it if mustChange, and ends an invitation.
func (a *core) passwordChosen(ctx context.Context, id string, mustChange bool) (store.User, error) {
	_, u, err := a.update(ctx, id, func(u *store.User) error {
		u.MustChangePassword, u.Invited = mustChange, time.Time{}
		return nil
	})
	return u, err
}
