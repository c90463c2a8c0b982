package message

import (
	"time"
)

// Kinds of messages. A request queues one for any address that was typed. Whether an account has the address, and what
// to write to it, is decided when the message is composed, so that neither the response nor its timing reveals it
// (account enumeration).
const (
	SignUp   = "signup"           // to an address that signed up
	Confirm  = "confirm"          // another confirmation link, on request
	Reset    = "reset"            // a link to set a new password
	Link     = "link"             // a sign-in link and code
	Password = "password_changed" // notifies the owner
	Waiting  = "waiting"          // an account waits for approval; becomes one Approval for each administrator
	Approval = "approval"         // asks one administrator
	Approved = "approved"         // to the owner of an approved account
	Declined = "declined"         // to the owner of a declined account
	Invite   = "invite"           // to the owner of an account that an administrator made
	SignIn   = "ticket"           // notifies the owner that an administrator made a link that signs in as them
	Theft    = "session_theft"    // notifies the owner that a copy of a remembered session was used

	EmailChange   = "email_change"   // to the new address: confirms the change
	EmailAsked    = "email_asked"    // to the present address: a change was requested
	EmailChanged  = "email_changed"  // to the old address: the change was made, and can be undone
	EmailRestored = "email_restored" // to the old address: the change was undone
	EmailUndone   = "email_undone"   // to the address that lost the account by that
)

// Lifetimes of the links in messages.
const (
	ConfirmLife = 24 * time.Hour
	ResetLife   = 30 * time.Minute
	InviteLife  = 7 * 24 * time.Hour
)
