package accounts

import (
	"github.com/gatehouse-auth/gatehouse/store"
)

// States of an account, each before those that are told only where it is not.
const (
	StateDisabled    = "disabled"
	StateWaiting     = "waiting"      // for an administrator's approval
	StateInvited     = "invited"      // and has not accepted yet
	StateNewPassword = "new_password" // must choose one at the next sign-in
	StateUnconfirmed = "unconfirmed"  // nobody has shown that the address is theirs
	StateActive      = "active"
)

// StateOf says in one word how an account stands.
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

// SelectState narrows a query to accounts of that state; false where no list is kept by it.
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
