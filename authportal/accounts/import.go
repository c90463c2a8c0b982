package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Import creates an account from a file, with a password or a hash of one (not both). With dry it only validates. It
// never changes an existing account.
func (a *imports) Import(ctx context.Context, by Actor, row *userfile.Row, dry bool) (store.User, error) {
	u, creds, err := a.prepareImport(ctx, row, dry)
	if err != nil {
		return store.User{}, Problem(err)
	}
	if dry {
		return u, nil
	}
	if err := a.users.CreateUser(ctx, u, creds...); err != nil {
		return store.User{}, Problem(err)
	}
	a.core.Emit(ctx, by, audit.Event{Kind: audit.EventUserCreate, Result: audit.ResultOK, Reason: "imported",
		UserID: u.ID, Username: u.Username})
	return u, nil
}

// prepareImport checks what is cheap first: importing a file again, to continue where it was cut off, hashes nothing
// for existing accounts.
func (a *imports) prepareImport(ctx context.Context, row *userfile.Row,
	dry bool) (u store.User, creds []store.Credential, err error) {
	no := func(b *bool) bool { return b != nil && !*b }
	if err := a.checkHash(row); err != nil {
		return u, nil, err
	}
	u, _, err = a.changes.Prepare(ctx, NewUser{Email: row.Email, Username: row.Username, Name: row.Name,
		Roles: row.Roles, Attributes: row.Attributes,
		Disabled: no(row.Enabled), Unconfirmed: no(row.Confirmed), Unapproved: no(row.Approved)}, true)
	if err != nil {
		return u, nil, err
	}
	if err := a.checkNamesFree(ctx, &u); err != nil {
		return u, nil, err
	}
	rules, cheap := a.passwords.(method.PasswordRules)
	switch {
	case row.Hash != "":
		return u, []store.Credential{{Kind: store.KindPassword, ID: u.ID, Owner: u.ID, Data: []byte(row.Hash),
			Created: u.Created, Version: 1}}, nil
	case row.Password == "":
		return u, nil, nil
	case dry && cheap:
		return u, nil, rules.AcceptPassword(ctx, &u, row.Password)
	}
	c, err := a.changes.makePassword(ctx, &u, row.Password)
	return u, []store.Credential{c}, err
}

func (a *imports) checkHash(row *userfile.Row) error {
	hashes, ok := a.passwords.(method.PasswordHashes)
	switch {
	case row.Hash == "":
		return nil
	case row.Password != "":
		return &InvalidError{Field: "password", Why: "and its hash are both there: keep one"}
	case !ok:
		return &InvalidError{Field: "password_hash", Why: "cannot be kept: signing in by password is not configured"}
	case hashes.CheckHash(row.Hash) != nil:
		// A report must not quote the hash.
		return &InvalidError{Field: "password_hash", Why: "is of no kind that is understood, or asks for too much work"}
	}
	return nil
}

// checkNamesFree returns an error if a name of a new account is in use. The store has the last word.
func (a *imports) checkNamesFree(ctx context.Context, u *store.User) error {
	for _, name := range []struct {
		login string
		taken error
	}{{u.Email, problem.UserExists}, {u.Username, problem.UsernameTaken}} {
		_, err := a.users.FindUser(ctx, name.login)
		switch {
		case err == nil:
			return name.taken
		case !errors.Is(err, store.ErrNotFound):
			return fmt.Errorf("looking for the account: %w", err)
		}
	}
	return nil
}
