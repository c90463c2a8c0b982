package authportal

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/store"
)

// PasswordHashes is an ability of the method that keeps passwords: to take over hashes that other software made.
type PasswordHashes interface {
	// CheckHash tells whether the encoded hash can be stored. It becomes one of ours at the next sign-in.
	CheckHash(encoded string) error
}

// Import makes an account that comes from elsewhere, with a password or with the hash of one (not both). With dry it only
// says what would become of it. An account that is there stays as it is.
func (a *Accounts) Import(ctx context.Context, by By, n NewUser, hash string, dry bool) (store.User, error) {
	u, creds, err := a.prepareImport(ctx, n, hash)
	if err != nil {
		return store.User{}, accountProblem(err)
	}
	if dry {
		return u, a.stillFree(ctx, &u)
	}
	if err := a.users.CreateUser(ctx, u, creds...); err != nil {
		return store.User{}, accountProblem(err)
	}
	a.emit(ctx, by, Event{Kind: EventUserCreate, Result: ResultOK, Reason: "imported", UserID: u.ID, Username: u.Username})
	return u, nil
}

func (a *Accounts) prepareImport(ctx context.Context, n NewUser, hash string) (u store.User, creds []store.Credential, err error) {
	if hash == "" {
		return a.prepare(ctx, n, true)
	}
	hashes, ok := a.passwords.(PasswordHashes)
	switch {
	case n.Password != "":
		return u, nil, &InvalidError{Field: "password", Why: "and its hash are both there: keep one"}
	case !ok:
		return u, nil, &InvalidError{Field: "password_hash", Why: "cannot be kept: signing in by password is not configured"}
	case hashes.CheckHash(hash) != nil:
		// The hash itself is no text for a report.
		return u, nil, &InvalidError{Field: "password_hash", Why: "is of no kind that is understood, or asks for too much work"}
	}
	if u, _, err = a.prepare(ctx, n, true); err != nil {
		return u, nil, err
	}
	return u, []store.Credential{{Kind: store.KindPassword, ID: u.ID, Owner: u.ID, Data: []byte(hash), Created: u.Created, Version: 1}}, nil
}

// stillFree tells whether the names of a new account are. The store has the last word.
func (a *Accounts) stillFree(ctx context.Context, u *store.User) error {
	for _, name := range []struct {
		login string
		taken error
	}{{u.Email, errUserExists}, {u.Username, errUsernameTaken}} {
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
