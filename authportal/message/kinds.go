package message

import (
	"time"
)

// Kinds of messages. The foreground queues one for whatever address was typed, the same for all; whether anybody has
// it, and what to write to them, is found out where the message is composed, so that no answer and no delay tells it.
const (
	SignUp   = "signup"           // somebody signed up with the address
	Confirm  = "confirm"          // somebody asked for the link of confirmation once more
	Reset    = "reset"            // somebody forgot the password
	Link     = "link"             // somebody signs in by mail
	Password = "password_changed" // the owner is told
	Waiting  = "waiting"          // an account waits for approval: asks every administrator
	Approval = "approval"         // to one administrator
	Approved = "approved"
	Declined = "declined"
	Invite   = "invite"
	SignIn   = "ticket"        // the owner is told that an administrator made a link that signs in as them
	Theft    = "session_theft" // the owner is told that a copy of a remembered session was used

	EmailChange   = "email_change"   // to an address that somebody wants for their account
	EmailAsked    = "email_asked"    // the present address is told that
	EmailChanged  = "email_changed"  // the old address is told, and may undo it
	EmailRestored = "email_restored" // to the old address after that: the account is theirs again
	EmailUndone   = "email_undone"   // to the address that lost it
)

// How long links in mails are good for.
const (
	ConfirmLife = 24 * time.Hour
	ResetLife   = 30 * time.Minute
	InviteLife  = 7 * 24 * time.Hour
)
