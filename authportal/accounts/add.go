package accounts

import (
	"context"
	"errors"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// NewUser is an account to be created.
type NewUser struct {
	Email      string
	Username   string // empty: the whole address
	Name       string
	Roles      []string
	Attributes map[string]any // string, float64, bool or []any of strings
	Password   string         // empty: none yet

	MustChangePassword   bool // the first sign-in must choose another password
	Disabled, Unapproved bool // cannot sign in yet
	Unconfirmed          bool // the address is not confirmed
}

// Add creates an account on behalf of an administrator, who vouches for the address.
func (a *changes) Add(ctx context.Context, by Actor, n NewUser) (store.User, error) {
	u, _, err := a.Create(ctx, n, true)
	if err != nil {
		a.EmitRefusal(ctx, by, audit.EventUserCreate, "", err)
		return store.User{}, err
	}
	a.core.Emit(ctx, by, audit.Event{Kind: audit.EventUserCreate, Result: audit.ResultOK, UserID: u.ID,
		Username: u.Username})
	return u, nil
}

// Create creates an account with its password, in one transaction.
func (a *changes) Create(ctx context.Context, n NewUser,
	confirmed bool) (u store.User, c store.Credential, err error) {
	u, creds, err := a.Prepare(ctx, n, confirmed)
	if err == nil {
		err = a.users.CreateUser(ctx, u, creds...)
	}
	var taken *store.TakenError
	if errors.As(err, &taken) && taken.Field == "username" && u.Username == u.Email {
		// The user chose an address, not a username: a deleted account still owns it as its username.
		err = problem.UserExists
	}
	if err != nil {
		return u, c, Problem(err)
	}
	u.Version = 1
	if len(creds) > 0 {
		c = creds[0]
	}
	return u, c, nil
}

// Prepare validates and completes an account without storing it. It hashes the password last, because that is
// expensive.
func (a *changes) Prepare(ctx context.Context, n NewUser, confirmed bool) (u store.User, creds []store.Credential,
	err error) {
	u = store.User{Confirmed: confirmed && !n.Unconfirmed, Enabled: !n.Disabled, Approved: !n.Unapproved,
		MustChangePassword: n.MustChangePassword, Created: a.now()}
	if u.Email, err = NormalizeEmail(n.Email); err != nil {
		return u, nil, err
	}
	if u.Username, err = a.Username(n.Username, u.Email); err != nil {
		return u, nil, err
	}
	if u.Name, err = NormalizeName(n.Name); err != nil {
		return u, nil, err
	}
	if u.Roles, err = a.roles(n.Roles); err != nil {
		return u, nil, err
	}
	attributes, err := a.columns.typed(ctx, n.Attributes)
	if err != nil {
		return u, nil, err
	}
	if u.Attributes, err = joinAttributes(nil, attributes); err != nil {
		return u, nil, err
	}
	if u.ID, err = a.core.newID(); err != nil {
		return u, nil, err
	}
	if n.Password == "" {
		if n.MustChangePassword {
			return u, nil, errNoPassword
		}
		return u, nil, nil
	}
	c, err := a.makePassword(ctx, &u, n.Password)
	return u, []store.Credential{c}, err
}

func (a *changes) makePassword(ctx context.Context, u *store.User, password string) (store.Credential, error) {
	if a.passwords == nil {
		return store.Credential{}, &InvalidError{Field: "password",
			Why: "cannot be set: signing in by password is not configured"}
	}
	return a.passwords.MakePassword(ctx, u, password)
}

// Username returns the normal form of a username that rules and headers can hold.
func (a *changes) Username(typed, email string) (string, error) {
	name, err := NormalizeUsername(typed, email)
	if err == nil && a.checkUsername(name) != nil {
		err = &InvalidError{Field: "username", Why: "has characters that a username cannot have"}
	}
	return name, err
}

const (
	maxRoles    = 100
	maxRoleName = 100 // characters
)

// CanHoldRole reports whether name is a role that an account can hold.
func (a *changes) CanHoldRole(name string) bool {
	_, err := a.roles([]string{name})
	return err == nil
}

// roles validates the names and returns them sorted, without duplicates.
func (a *changes) roles(names []string) ([]string, error) {
	list := slices.Compact(slices.Sorted(slices.Values(names)))
	if len(list) > maxRoles {
		return nil, &InvalidError{Field: "roles", Why: "are more than 100"}
	}
	for _, r := range list {
		if r == "" || utf8.RuneCountInString(r) > maxRoleName {
			return nil, &InvalidError{Field: "roles", Why: "hold a name that is empty or too long"}
		}
		if err := a.checkRole(r); err != nil {
			return nil, &InvalidError{Field: "roles", Why: "hold a name that a role cannot have: " + err.Error()}
		}
	}
	return list, nil
}

const (
	maxAttributes = 64

	// MaxAttributeValue bounds the characters of one value.
	MaxAttributeValue = 1000
)

// joinAttributes returns have with the changes applied; nil removes an attribute. A value is a string, a number, a
// boolean or a list of strings, each of one line. All are bounded, because every session holds a copy of them.
func joinAttributes(have, changes map[string]any) (map[string]any, error) {
	all := maps.Clone(have)
	if all == nil {
		all = map[string]any{}
	}
	for name, value := range changes {
		if !attributeName(name) {
			return nil, &InvalidError{Field: "attributes",
				Why: "hold a name that is not made of lower-case letters, digits, _ and -"}
		}
		if value == nil {
			delete(all, name)
			continue
		}
		v, why := attributeValue(value)
		if why != "" {
			return nil, &InvalidError{Field: name, Why: why}
		}
		all[name] = v
	}
	if len(all) > maxAttributes {
		return nil, &InvalidError{Field: "attributes", Why: "are more than 64"}
	}
	return all, nil
}

func attributeName(s string) bool {
	for i := range len(s) {
		if b := s[i]; !('a' <= b && b <= 'z' || '0' <= b && b <= '9' || b == '_' || b == '-') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func attributeValue(value any) (v any, why string) {
	switch value := value.(type) {
	case string:
		return Line(value, MaxAttributeValue)
	case bool:
		return value, ""
	case float64:
		if value != value || value > 1e300 || value < -1e300 {
			return nil, "is no number"
		}
		return value, ""
	case []any:
		if len(value) > maxAttributes {
			return nil, "has too many elements"
		}
		list := make([]any, 0, len(value))
		for _, e := range value {
			s, ok := e.(string)
			if !ok {
				return nil, "must be a list of text"
			}
			if s, why = Line(s, MaxAttributeValue); why != "" {
				return nil, why
			}
			list = append(list, s)
		}
		return list, ""
	}
	return nil, "must be text, a number, true or false, or a list of text"
}
