package accounts

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// UserChange is an administrator's change of an account; nil fields stay as they are.
type UserChange struct {
	Email              *string // counts as confirmed; the username follows if it is the address
	Username           *string // empty: the whole address
	Name               *string
	Roles              *[]string // replaces all; AddRoles and RemoveRoles apply after it
	AddRoles           []string
	RemoveRoles        []string
	Attributes         map[string]any // merged into the present ones, in the types of their columns; nil removes one
	Enabled            *bool
	Approved           *bool
	Confirmed          *bool // of the address; applies after Email
	MustChangePassword *bool // true: every session ends, and the next sign-in must choose a new password

	// Password ends every session of the account. It fulfils a demand for a new password, unless MustChangePassword
	// sets one again.
	Password *string

	// Version is the version that the caller has seen. If the account has another by now, nothing changes. 0: any.
	Version int64
}

// NewUser returns the new account that has the fields of ch.
func (ch *UserChange) NewUser() NewUser {
	return NewUser{Email: value(ch.Email), Username: value(ch.Username), Name: value(ch.Name), Roles: value(ch.Roles),
		Attributes: ch.Attributes, Password: value(ch.Password), Disabled: is(ch.Enabled, false),
		Unapproved: is(ch.Approved, false), Unconfirmed: is(ch.Confirmed, false),
		MustChangePassword: is(ch.MustChangePassword, true)}
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func is(p *bool, want bool) bool { return p != nil && *p == want }

// Set changes an account on behalf of an administrator, and returns the result. It takes effect at once: the sessions
// of an account that is disabled or gets a new password end.
func (a *changes) Set(ctx context.Context, by Actor, id string, ch UserChange) (store.User, error) {
	u, err := a.set(ctx, by, id, ch)
	a.EmitRefusal(ctx, by, audit.EventUserChange, id, err)
	return u, err
}

// EmitRefusal records the refusal of an act on an account, if err is one.
func (a *changes) EmitRefusal(ctx context.Context, by Actor, kind, id string, err error) {
	var p *problem.Problem
	if errors.As(err, &p) && p.Code != problem.NotFound.Code { // an id without an account is unvalidated input
		a.core.Emit(ctx, by, audit.Event{Kind: kind, Result: audit.ResultRefused, Reason: p.Code, UserID: id})
	}
}

func (a *changes) set(ctx context.Context, by Actor, id string, ch UserChange) (store.User, error) {
	attributes, err := a.columns.typed(ctx, ch.Attributes)
	if err != nil {
		return store.User{}, Problem(err)
	}
	ch.Attributes = attributes
	var password store.Credential
	if is(ch.MustChangePassword, true) && ch.Password == nil {
		if err := a.core.requirePassword(ctx, id); err != nil {
			return store.User{}, err
		}
	}
	if ch.Password != nil {
		// First, because it is most likely to be refused: nothing has changed then.
		u, err := a.users.User(ctx, id)
		if err != nil {
			return u, Problem(err)
		}
		u.Attributes = maps.Clone(u.Attributes)
		if err = a.apply(&u, ch); err != nil { // the password must not resemble the new name either
			return u, Problem(err)
		}
		if password, err = a.makePassword(ctx, &u, *ch.Password); err != nil {
			return u, Problem(err)
		}
	}
	before, after, err := a.core.update(ctx, id, func(u *store.User) error { return a.apply(u, ch) })
	if err != nil {
		return after, Problem(err)
	}
	if before.Identity().Active && !after.Identity().Active {
		act := RecoveryDisable
		if after.Enabled && after.Approved {
			act = RecoveryDemandPassword
		}
		// the change is valid; what fails is logged and done later
		_, _ = a.core.carryOut(ctx, recoveryAct{act: act, account: id})
	}
	if fields := Changed(&before, &after); fields != "" {
		a.core.Emit(ctx, by, audit.Event{Kind: audit.EventUserChange, Result: audit.ResultOK, Reason: fields,
			UserID: id, Username: after.Username})
	}
	if !before.Approved && after.Approved {
		a.Decided(ctx, by, message.Approved, &after)
	}
	if ch.Password == nil {
		return after, nil
	}
	password.Version = 0 // replaces any
	after, err = a.core.ReplacePassword(ctx, password, "", is(ch.MustChangePassword, true))
	if err != nil {
		return after, Problem(err)
	}
	a.core.Emit(ctx, by, audit.Event{Kind: audit.EventPasswordChange, Result: audit.ResultOK, UserID: id,
		Username: after.Username})
	return after, nil
}

// apply applies the change to u.
func (a *changes) apply(u *store.User, ch UserChange) (err error) {
	if ch.Version != 0 && ch.Version != u.Version {
		return problem.ChangedMeanwhile
	}
	followed := u.Username == u.Email
	if ch.Email != nil {
		if u.Email, err = NormalizeEmail(*ch.Email); err != nil {
			return err
		}
		u.Confirmed = true
	}
	if ch.Confirmed != nil {
		u.Confirmed = *ch.Confirmed && u.Email != ""
	}
	switch {
	case ch.Username != nil:
		u.Username, err = a.Username(*ch.Username, u.Email)
	case followed, strings.Contains(u.Username, "@"):
		u.Username, err = a.Username("", u.Email)
	}
	if err != nil {
		return err
	}
	if ch.Name != nil {
		if u.Name, err = NormalizeName(*ch.Name); err != nil {
			return err
		}
	}
	roles := u.Roles
	if ch.Roles != nil {
		roles = slices.Clone(*ch.Roles)
	}
	if ch.Roles != nil || len(ch.AddRoles) > 0 || len(ch.RemoveRoles) > 0 {
		roles = append(slices.Clone(roles), ch.AddRoles...)
		roles = slices.DeleteFunc(roles, func(r string) bool { return slices.Contains(ch.RemoveRoles, r) })
		if u.Roles, err = a.roles(roles); err != nil {
			return err
		}
	}
	if u.Attributes, err = joinAttributes(u.Attributes, ch.Attributes); err != nil {
		return err
	}
	if ch.Enabled != nil {
		u.Enabled = *ch.Enabled
	}
	if ch.Approved != nil {
		u.Approved = *ch.Approved
	}
	if ch.MustChangePassword != nil {
		u.MustChangePassword = *ch.MustChangePassword
	}
	return nil
}

// Changed names the fields that differ, for the audit trail; never their values.
func Changed(before, after *store.User) string {
	var fields []string
	for _, f := range []struct {
		name string
		is   bool
	}{
		{"email", before.Email != after.Email || before.Confirmed != after.Confirmed},
		{"username", before.Username != after.Username},
		{"name", before.Name != after.Name}, {"roles", !slices.Equal(before.Roles, after.Roles)},
		{"attributes", !reflect.DeepEqual(before.Attributes, after.Attributes)},
		{"enabled", !before.Enabled && after.Enabled}, {"disabled", before.Enabled && !after.Enabled},
		{"approved", !before.Approved && after.Approved}, {"unapproved", before.Approved && !after.Approved},
		{"password_due", !before.MustChangePassword && after.MustChangePassword},
		{"password_not_due", before.MustChangePassword && !after.MustChangePassword},
	} {
		if f.is {
			fields = append(fields, f.name)
		}
	}
	return strings.Join(fields, " ")
}

// Enable lets an account sign in again.
func (a *changes) Enable(ctx context.Context, by Actor, id string) (store.User, error) {
	yes := true
	return a.Set(ctx, by, id, UserChange{Enabled: &yes})
}

// Disable ends every session of an account and refuses its sign-in until it is enabled again.
func (a *changes) Disable(ctx context.Context, by Actor, id string) (store.User, error) {
	no := false
	return a.Set(ctx, by, id, UserChange{Enabled: &no})
}

// Delete deletes an account with all that belongs to it, and ends its sessions. Its username is never assigned again.
func (a *changes) Delete(ctx context.Context, by Actor, id string) error {
	u, err := a.users.User(ctx, id)
	if err == nil {
		err = a.users.DeleteUser(ctx, id)
	}
	if err != nil {
		err = Problem(err)
		a.EmitRefusal(ctx, by, audit.EventUserDelete, id, err)
		return err
	}
	a.core.endSessions(ctx, id)
	a.core.Emit(ctx, by, audit.Event{Kind: audit.EventUserDelete, Result: audit.ResultOK, UserID: id,
		Username: u.Username})
	return nil
}
