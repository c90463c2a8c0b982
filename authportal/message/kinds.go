package message

import (
	"time"
)

// Kinds of messages. The foreground queues one for whatever address was typed, the same for all; whether anybody has
// it, and what to write to them, is found out where the message is composed, so that no answer and no delay tells it.
const (
	MailSignUp   = "signup"           // somebody signed up with the address
	MailConfirm  = "confirm"          // somebody asked for the link of confirmation once more
	MailReset    = "reset"            // somebody forgot the password
	MailLink     = "link"             // somebody signs in by mail
	MailPassword = "password_changed" // the owner is told
	MailWaiting  = "waiting"          // an account waits for approval: asks every administrator
	MailApproval = "approval"         // to one administrator
	MailApproved = "approved"
	MailDeclined = "declined"
	MailInvite   = "invite"
	MailSignIn   = "ticket"        // the owner is told that an administrator made a link that signs in as them
	MailTheft    = "session_theft" // the owner is told that a copy of a remembered session was used

	MailEmailChange   = "email_change"   // to an address that somebody wants for their account
	MailEmailAsked    = "email_asked"    // the present address is told that
	MailEmailChanged  = "email_changed"  // the old address is told, and may undo it
	MailEmailRestored = "email_restored" // to the old address after that: the account is theirs again
	MailEmailUndone   = "email_undone"   // to the address that lost it
)

// How long links in mails are good for.
const (
	ConfirmLife = 24 * time.Hour
	ResetLife   = 30 * time.Minute
	InviteLife  = 7 * 24 * time.Hour
)
