package store

import (
	"context"
	"time"
)

// Mail is a message that waits to be written and sent. It says what to write about, never the words: those, with
// whatever one-time secret they hold, are made when it is sent, so that the database holds nothing that opens a door,
// and an answer takes as long for an address without an account.
type Mail struct {
	ID      string // 26 lower-case base32 characters
	Kind    string // "confirm", "reset", "link": which message
	To      string // one address, normalised
	Payload []byte // JSON of what the message of that kind needs; no secret
	Created time.Time
	Due     time.Time // not before; moved on by ClaimMail and RetryMail
	Tries   int       // how often it was tried
	Fault   string    // why the last try failed, for the operator; empty at first
}

// Outbox is an optional ability of a UserStore: to keep mail until it was sent, so that none is lost by a restart, and
// of several gateways one sends it. A caller asks the store for it, as for a SessionHost; without it there is no mail.
type Outbox interface {
	// QueueMail stores m as it is given. ErrTaken where its id is in use.
	QueueMail(ctx context.Context, m Mail) error

	// ClaimMail returns up to limit messages that are due at now, oldest first, with Tries one higher, and moves their Due
	// to until in the same step: of several gateways one gets each, and a gateway that dies gives them back by then.
	ClaimMail(ctx context.Context, now, until time.Time, limit int) ([]Mail, error)

	// RetryMail gives a claimed message back, to be tried again at due. ErrNotFound where it was done meanwhile.
	RetryMail(ctx context.Context, id string, due time.Time, fault string) error

	// DoneMail forgets a message that was sent, or will never be. Forgetting one twice is no error.
	DoneMail(ctx context.Context, id string) error

	// WaitingMail returns how many wait, and when the oldest of them was queued (zero where none does).
	WaitingMail(ctx context.Context) (n int, oldest time.Time, err error)

	// FailingMail tells of the waiting messages that could not be sent when they were last tried.
	FailingMail(ctx context.Context) (MailFailure, error)
}

// MailFailure is what is known of messages that could not be sent yet.
type MailFailure struct {
	Count  int
	Oldest time.Time // when the oldest of them was queued; zero where there is none
	Fault  string    // why one of them failed: the one that waits longest for its next try
}
