package caddymodule

import (
	"errors"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal"
)

// importRow is an account that comes from elsewhere. What is left out is as in a new account, but that its address counts as
// confirmed, because the operator vouches for it.
type importRow struct {
	Email      string         `json:"email"`
	Username   string         `json:"username,omitempty"`
	Name       string         `json:"name,omitempty"`
	Roles      []string       `json:"roles,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
	Enabled    *bool          `json:"enabled,omitempty"`
	Confirmed  *bool          `json:"confirmed,omitempty"`
	Approved   *bool          `json:"approved,omitempty"`
	Password   string         `json:"password,omitempty"`
	Hash       string         `json:"password_hash,omitempty"` // as other software wrote it; see docs/passwords.md
}

func (row *importRow) account() authportal.NewUser {
	no := func(b *bool) bool { return b != nil && !*b }
	return authportal.NewUser{Email: row.Email, Username: row.Username, Name: row.Name, Roles: row.Roles, Attributes: row.Attributes,
		Password: row.Password, Disabled: no(row.Enabled), Unconfirmed: no(row.Confirmed), Unapproved: no(row.Approved)}
}

// importResult says what became of a row.
type importResult struct {
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason,omitempty"` // why it was not made; empty: it was
}

// importUsers answers POST /gatehouse/users/import: one result for each row, in their order. A row that cannot be made stops
// no other; where we fail, the rows before have been made, and sending all of them again makes the others.
func (o *operator) importUsers(r *http.Request) (any, error) {
	var ask struct {
		Users []importRow `json:"users"`
		Dry   bool        `json:"dry_run"`
	}
	if err := body(r, &ask); err != nil {
		return nil, err
	}
	results := make([]importResult, 0, len(ask.Users))
	for i := range ask.Users {
		row := &ask.Users[i]
		u, err := o.run.Portal.Accounts().Import(r.Context(), byCommandLine, row.account(), row.Hash, ask.Dry)
		var problem *authportal.Problem
		switch {
		case errors.As(err, &problem):
			results = append(results, importResult{Reason: problemText(problem)})
		case err != nil:
			return nil, err
		case ask.Dry:
			results = append(results, importResult{})
		default:
			results = append(results, importResult{ID: u.ID})
		}
	}
	return map[string]any{"results": results}, nil
}
