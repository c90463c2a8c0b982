package authportal

import "time"

// Kinds of messages. The foreground queues one for whatever address was typed, the same for all; whether anybody has
// it, and what to write to them, is found out where the message is composed, so that no answer and no delay tells it.
const (
	mailSignUp   = "signup"           // somebody signed up with the address
	mailConfirm  = "confirm"          // somebody asked for the link of confirmation once more
	mailReset    = "reset"            // somebody forgot the password
	mailLink     = "link"             // somebody signs in by mail
	mailPassword = "password_changed" // the owner is told
	mailWaiting  = "waiting"          // an account waits for approval: asks every administrator
	mailApproval = "approval"         // to one administrator
	mailApproved = "approved"
	mailDeclined = "declined"
	mailInvite   = "invite"
	mailSignIn   = "ticket"        // the owner is told that an administrator made a link that signs in as them
	mailTheft    = "session_theft" // the owner is told that a copy of a remembered session was used

	mailEmailChange   = "email_change"   // to an address that somebody wants for their account
	mailEmailAsked    = "email_asked"    // the present address is told that
	mailEmailChanged  = "email_changed"  // the old address is told, and may undo it
	mailEmailRestored = "email_restored" // to the old address after that: the account is theirs again
	mailEmailUndone   = "email_undone"   // to the address that lost it
)

// How long links in mails are good for.
const (
	confirmLife = 24 * time.Hour
	resetLife   = 30 * time.Minute
	inviteLife  = 7 * 24 * time.Hour
)
