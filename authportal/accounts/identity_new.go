package accounts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// signUpIdentity creates the account of an unknown identity together with its link, in one transaction. A verified
// address counts as confirmed. An existing account with that address is never joined: a rogue provider, or a former
// owner of the address, would take the account over.
func (a *identities) signUpIdentity(ctx context.Context, r *IdentityRequest,
	email string) (u store.User, link store.Credential, err error) {
	if err := a.checkIdentitySignUp(r, email); err != nil {
		return u, link, err
	}
	if email != "" {
		switch has, err := a.users.FindUser(ctx, email); {
		case err == nil && has.Email == email:
			return u, link, errLinkRequired
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return u, link, fmt.Errorf("looking for the account: %w", err)
		}
	}
	if u, err = a.prepareIdentity(ctx, r, email); err != nil {
		return u, link, err
	}
	if link, err = a.newLink(r, u.ID); err != nil {
		return u, link, err
	}
	err = a.users.CreateUser(ctx, u, link)
	if taken := (*store.TakenError)(nil); errors.As(err, &taken) {
		return u, link, a.identityTaken(ctx, &u, link.ID, taken)
	} else if err != nil {
		return u, link, err
	}
	u.Version = 1
	a.identityEvent(ctx, r, audit.Event{Kind: audit.EventSignUp, Result: audit.ResultOK, UserID: u.ID,
		Username: u.Username})
	return u, link, nil
}

// identityTaken explains why an account could not be created: its name is taken by the same identity in another tab, or
// by another account.
func (a *identities) identityTaken(ctx context.Context, u *store.User, link string, taken *store.TakenError) error {
	switch _, err := a.users.Credential(ctx, store.KindIdentity, link); {
	case err == nil:
		return store.ErrTaken // the caller looks again
	case !errors.Is(err, store.ErrNotFound):
		return err
	case taken.Field == "username" && u.Username != u.Email:
		return problem.UsernameTaken
	}
	return errLinkRequired
}

// checkIdentitySignUp returns why an identity may not sign up.
func (a *identities) checkIdentitySignUp(r *IdentityRequest, email string) error {
	open := a.signUp.Open || a.signUp.Approval
	switch r.Options.SignUp {
	case "on":
		open = true
	case "off":
		open = false
	}
	_, domain, _ := strings.Cut(email, "@")
	switch {
	case !open:
		return errNoSignUp
	case len(r.Options.Domains) > 0 || len(a.signUp.Domains) == 0: // address has checked those of the provider
		return nil
	case email == "":
		return errNoAddress
	case !slices.Contains(a.signUp.Domains, domain):
		return errOtherDomain
	}
	return nil
}

// prepareIdentity completes the account of a new identity. Its username is the address, as at every sign-up, unless
// users may choose one: a source's username is often self-chosen, and upstreams trust ours.
func (a *identities) prepareIdentity(ctx context.Context, r *IdentityRequest, email string) (u store.User, err error) {
	id := &r.Identity
	n := NewUser{Email: email, Name: id.Name, Unapproved: a.signUp.Approval,
		Roles: slices.Concat(a.signUp.Roles, r.Options.Roles)}
	if _, err := NormalizeName(n.Name); err != nil {
		n.Name = "" // a display name is no reason to refuse a sign-in
	}
	if a.signUp.ChooseUsername && id.Username != "" && !strings.Contains(id.Username, "@") {
		free, err := a.usernameIsFree(ctx, id.Username)
		if err != nil {
			return u, err
		}
		if free || email == "" {
			n.Username = id.Username
		}
	}
	switch {
	case email != "":
		u, _, err = a.changes.Prepare(ctx, n, true)
		return u, err
	case n.Username == "":
		return u, errNoAddress
	}
	return a.prepareNameless(n)
}

// prepareNameless completes an account that has a username and no address.
func (a *identities) prepareNameless(n NewUser) (u store.User, err error) {
	u = store.User{Enabled: true, Approved: !n.Unapproved, Attributes: map[string]any{}, Created: a.now()}
	if u.Username, err = a.changes.Username(n.Username, ""); err != nil {
		return u, err
	}
	if u.Name, err = NormalizeName(n.Name); err != nil {
		return u, err
	}
	if u.Roles, err = a.changes.roles(n.Roles); err != nil {
		return u, err
	}
	u.ID, err = a.core.newID()
	return u, err
}

// usernameIsFree reports whether a username is valid and not in use. The store has the last word.
func (a *identities) usernameIsFree(ctx context.Context, typed string) (bool, error) {
	name, err := a.changes.Username(typed, "")
	if err != nil {
		return false, nil
	}
	switch _, err := a.users.FindUser(ctx, name); {
	case errors.Is(err, store.ErrNotFound):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("looking for the account: %w", err)
	}
	return false, nil
}
