package accounts

import (
	"github.com/gatehouse-auth/gatehouse/store"
)

// States of an account, in order of precedence.
const (
	StateDisabled    = "disabled"
	StateWaiting     = "waiting"      // for an administrator's approval
	StateInvited     = "invited"      // and has not accepted yet
	StateNewPassword = "new_password" // must choose one at the next sign-in
	StateUnconfirmed = "unconfirmed"  // the address is not confirmed
	StateActive      = "active"
)

// StateOf returns the state of an account.
func StateOf(u *store.User) string {
	switch {
	case !u.Enabled:
		return StateDisabled
	case !u.Approved:
		return StateWaiting
	case !u.Invited.IsZero():
		return StateInvited
	case u.MustChangePassword:
		return StateNewPassword
	case u.Email != "" && !u.Confirmed:
		return StateUnconfirmed
	}
	return StateActive
}

// SelectState narrows a query to accounts of that state; false if the state cannot be queried.
func SelectState(q *store.UserQuery, state string) bool {
	yes, no := true, false
	switch state {
	case StateDisabled:
		q.Enabled = &no
	case StateWaiting:
		q.Enabled, q.Approved = &yes, &no
	case StateInvited:
		q.Enabled, q.Approved, q.Invited = &yes, &yes, &yes
	case StateNewPassword:
		q.Enabled, q.Approved, q.Invited, q.MustChangePassword = &yes, &yes, &no, &yes
	case StateUnconfirmed:
		q.Enabled, q.Approved, q.Invited, q.MustChangePassword, q.Confirmed = &yes, &yes, &no, &no, &no
	default:
		return false
	}
	return true
}
