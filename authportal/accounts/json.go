package accounts

import (
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// The four JSON forms of an account (for files see userfile.Of):
//
//	IdentityJSON   what a session carries, as its owner reads it
//	OwnJSON        the same of the account as it is stored, with what only its owner may see
//	AdminJSON      as administrators read and change it
//	OperatorJSON   as the command line reads it
//
// Owners and upstreams see the effective roles, with included ones; administrators see the assigned ones.

// Stamp formats a time as the API writes it.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Listed returns names, but never nil, so that JSON has a list and not null.
func Listed(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

// IdentityJSON is the owner's view of their identity. If the username is an address that is not confirmed yet, it is
// shown and marked: unlike the headers of a gate, this answer goes to the user who entered it.
func (a *changes) IdentityJSON(id *store.Identity) map[string]any {
	attributes := id.Attributes
	if attributes == nil {
		attributes = map[string]any{}
	}
	email := id.Email
	if email == "" && strings.Contains(id.Username, "@") {
		email = id.Username
	}
	return map[string]any{"id": id.UserID, "username": id.Username, "email": email, "confirmed": id.Email != "",
		"name":  id.Name,
		"roles": Listed(slices.Sorted(slices.Values(a.expand(id.Roles)))), "attributes": attributes}
}

// OwnJSON is the owner's view of their account. Unlike an identity, it has the address before it is confirmed.
func (a *changes) OwnJSON(u *store.User) map[string]any {
	id := u.Identity()
	out := a.IdentityJSON(&id)
	out["email"], out["confirmed"], out["created"], out["fields"] = u.Email, u.Confirmed, Stamp(u.Created),
		Listed(a.fields)
	return out
}

// AdminJSON is the administrators' view of an account.
func (a *changes) AdminJSON(u *store.User) map[string]any {
	out := map[string]any{"id": u.ID, "username": u.Username, "email": u.Email, "confirmed": u.Confirmed,
		"name": u.Name, "roles": Listed(u.Roles), "attributes": u.Attributes, "enabled": u.Enabled,
		"approved": u.Approved, "state": StateOf(u),
		"password_change_required": u.MustChangePassword, "created": Stamp(u.Created), "version": u.Version}
	if !u.LastSignIn.IsZero() {
		out["last_sign_in"] = Stamp(u.LastSignIn)
	}
	if !u.Invited.IsZero() {
		out["invited"] = Stamp(u.Invited)
	}
	return out
}

// OperatorAccount is an account as the command line reads it, with the fields in the order of its output.
type OperatorAccount struct {
	ID         string         `json:"id"`
	Username   string         `json:"username"`
	Email      string         `json:"email"`
	Confirmed  bool           `json:"confirmed"`
	Name       string         `json:"name"`
	Roles      []string       `json:"roles"`
	Effective  []string       `json:"effective_roles"` // with included ones, as upstreams get them
	Attributes map[string]any `json:"attributes"`
	Enabled    bool           `json:"enabled"`
	Approved   bool           `json:"approved"`
	State      string         `json:"state"`        // a State constant
	Password   bool           `json:"has_password"` // whether there is one
	Due        bool           `json:"password_change_required"`
	Created    time.Time      `json:"created"`
	LastSignIn *time.Time     `json:"last_sign_in"`
	Invited    *time.Time     `json:"invited,omitempty"`
}

// OperatorJSON is the command line's view of an account.
func (a *changes) OperatorJSON(u *store.User, hasPassword bool) OperatorAccount {
	v := OperatorAccount{ID: u.ID, Username: u.Username, Email: u.Email, Confirmed: u.Confirmed, Name: u.Name,
		Roles: Listed(u.Roles), Effective: a.expand(u.InForce()), Attributes: u.Attributes, Enabled: u.Enabled,
		Approved: u.Approved,
		State:    StateOf(u), Password: hasPassword, Due: u.MustChangePassword, Created: u.Created}
	if !u.LastSignIn.IsZero() {
		v.LastSignIn = &u.LastSignIn
	}
	if !u.Invited.IsZero() {
		v.Invited = &u.Invited
	}
	return v
}
