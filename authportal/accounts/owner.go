package accounts

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Acts of owners on their own accounts. The caller authorises and records them.

// ChangeProfile changes the name, if it is not nil, and attributes; see joinAttributes.
func (a *changes) ChangeProfile(ctx context.Context, id string, name *string,
	attributes map[string]any) (before, after store.User, err error) {
	return a.core.update(ctx, id, func(u *store.User) (err error) {
		if name != nil {
			if u.Name, err = NormalizeName(*name); err != nil {
				return err
			}
		}
		u.Attributes, err = joinAttributes(u.Attributes, attributes)
		return err
	})
}

// AcceptInvitation completes an invited account. A field that the owner left empty keeps the administrator's value.
func (a *changes) AcceptInvitation(ctx context.Context, id, name string, attributes map[string]any,
	password store.Credential) (store.User, error) {
	given := maps.Clone(attributes)
	maps.DeleteFunc(given, func(_ string, v any) bool { return v == nil })
	_, u, err := a.core.update(ctx, id, func(u *store.User) (err error) {
		if name != "" {
			u.Name = name
		}
		u.MustChangePassword, u.Invited = false, time.Time{}
		u.Attributes, err = joinAttributes(u.Attributes, given)
		return err
	})
	if err != nil {
		return u, Problem(err)
	}
	if err := a.users.PutCredential(ctx, password); err != nil {
		return u, fmt.Errorf("storing the password: %w", err)
	}
	return u, nil
}

// MakePrepared stores an account that Prepare returned together with its credentials, in one transaction.
func (a *changes) MakePrepared(ctx context.Context, u store.User, creds ...store.Credential) error {
	return a.users.CreateUser(ctx, u, creds...)
}

// DeleteOwn deletes the owner's account with all that belongs to it, and ends its sessions.
func (a *changes) DeleteOwn(ctx context.Context, id string) error {
	if err := a.users.DeleteUser(ctx, id); err != nil {
		return Problem(err)
	}
	a.core.endSessions(ctx, id)
	return nil
}
