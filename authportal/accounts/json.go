package accounts

import (
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// An account is written as JSON in four ways, all of them here (but for files, see userfile.Of):
//
//	IdentityJSON   what a session carries, as its owner reads it
//	OwnJSON        the same of the account as it is stored, with what only its owner is told
//	AdminJSON      as administrators read and change it
//	OperatorJSON   as the command line reads it
//
// Owners and upstreams are told the roles that count, included ones too; who changes an account is told those assigned.

// Stamp is a time as the API writes it.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Listed is a list that is never null.
func Listed(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

// IdentityJSON is the owner's view of their identity. An address that is not confirmed yet is shown where the username
// is the address itself, and marked: unlike the headers of a gate, this answer goes to the person who typed it.
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

// OwnJSON is the owner's view of their account. Unlike in an identity, the address stands here before it is confirmed.
func (a *changes) OwnJSON(u *store.User) map[string]any {
	id := u.Identity()
	out := a.IdentityJSON(&id)
	out["email"], out["confirmed"], out["created"], out["fields"] = u.Email, u.Confirmed, Stamp(u.Created),
		Listed(a.fields)
	return out
}

// AdminJSON is an account as administrators read it.
func (a *changes) AdminJSON(u *store.User) map[string]any {
	out := map[string]any{"id": u.ID, "username": u.Username, "email": u.Email, "confirmed": u.Confirmed, "name": u.Name,
		"roles": Listed(u.Roles), "attributes": u.Attributes, "enabled": u.Enabled, "approved": u.Approved, "state": StateOf(u),
		"password_change_required": u.MustChangePassword, "created": Stamp(u.Created), "version": u.Version}
	if !u.LastSignIn.IsZero() {
		out["last_sign_in"] = Stamp(u.LastSignIn)
	}
	if !u.Invited.IsZero() {
		out["invited"] = Stamp(u.Invited)
	}
	return out
}

// OperatorAccount is an account as the command line reads it, in the order that it is printed in.
type OperatorAccount struct {
	ID         string         `json:"id"`
	Username   string         `json:"username"`
	Email      string         `json:"email"`
	Confirmed  bool           `json:"confirmed"`
	Name       string         `json:"name"`
	Roles      []string       `json:"roles"`
	Effective  []string       `json:"effective_roles"` // with the included ones: what an upstream is told
	Attributes map[string]any `json:"attributes"`
	Enabled    bool           `json:"enabled"`
	Approved   bool           `json:"approved"`
	State      string         `json:"state"`        // in a word: "active", "waiting", …
	Password   bool           `json:"has_password"` // whether there is one
	Due        bool           `json:"password_change_required"`
	Created    time.Time      `json:"created"`
	LastSignIn *time.Time     `json:"last_sign_in"`
	Invited    *time.Time     `json:"invited,omitempty"`
}

// OperatorJSON is the view of the command line.
func (a *changes) OperatorJSON(u *store.User, hasPassword bool) OperatorAccount {
	v := OperatorAccount{ID: u.ID, Username: u.Username, Email: u.Email, Confirmed: u.Confirmed, Name: u.Name, Roles: Listed(u.Roles),
		Effective: a.expand(u.InForce()), Attributes: u.Attributes, Enabled: u.Enabled, Approved: u.Approved, State: StateOf(u),
		Password: hasPassword, Due: u.MustChangePassword, Created: u.Created}
	if !u.LastSignIn.IsZero() {
		v.LastSignIn = &u.LastSignIn
	}
	if !u.Invited.IsZero() {
		v.Invited = &u.Invited
	}
	return v
}
