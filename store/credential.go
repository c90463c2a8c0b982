package store

import (
	"context"
	"time"
)

// Kinds of credentials that Gatehouse itself uses. A method of a third party names its own.
const (
	KindPassword     = "password"       // Data: the encoded hash
	KindAPIToken     = "api_token"      // ID: SHA-256 of the token in hex; Data: JSON of its name and limits
	KindIdentity     = "identity"       // a linked identity; ID: SHA-256 of issuer and subject in hex; Data: JSON of what it gave
	KindKnownBrowser = "known_browser"  // ID: SHA-256 of the browser's mark in hex
	KindSignInTicket = "sign_in_ticket" // ID: SHA-256 of the ticket in hex; Data: JSON of who made it, for which version of the account
	KindEmailChange  = "email_change"   // of a link: Label, the address that it makes the account's; Data: JSON
	KindEmailUndo    = "email_undo"     // of a link: Label, the address that it gives the account back to; Data: JSON
)

// Credential is something by which a person shows who they are. (Kind, ID) is unique; a user's only password has ID = Owner.
type Credential struct {
	Kind    string
	ID      string
	Owner   string // User.ID
	Label   string // what the owner calls it; may be empty
	Data    []byte // what the method needs to check it: a hash, a public key, something sealed
	Created time.Time
	Used    time.Time // zero: never
	Expires time.Time // zero: never. An expired credential is not found.
	Version int64     // grows with every change of Data; 1 when created
}

// Credentials keeps them, beside the users that own them.
type Credentials interface {
	// PutCredential stores c, replacing one with the same kind and id of the same owner. ErrNotFound where the owner does
	// not exist, ErrTaken where kind and id belong to someone else.
	PutCredential(ctx context.Context, c Credential) error

	// SwapCredential replaces Data, Used and Label if Version is still c.Version; ErrStale otherwise.
	SwapCredential(ctx context.Context, c Credential) error

	// Credential returns the one with that kind and id.
	Credential(ctx context.Context, kind, id string) (Credential, error)

	// CredentialsOf returns those of one owner and kind, oldest first; every kind if kind is empty.
	CredentialsOf(ctx context.Context, owner, kind string) ([]Credential, error)

	// DeleteCredential removes one; ErrNotFound if it was not there, so that of two racing callers one wins. A row of
	// Changes is committed with it, so that caches forget what it proved.
	DeleteCredential(ctx context.Context, kind, id string) error
}

// Changes is the outbox of the users store: one row for every change of a User or of a Credential that sessions must
// hear of, committed with the change itself, so that a crash between loses nothing. A relay reads it, tells the session
// store, and acknowledges.
type Changes interface {
	// PendingChanges returns up to limit rows, oldest first.
	PendingChanges(ctx context.Context, limit int) ([]Change, error)

	// AckChanges forgets rows. Forgetting one twice is no error.
	AckChanges(ctx context.Context, seqs ...int64) error

	// ChangesWaiting receives a value soon after (within 250 ms) rows were committed, by this process or another. It is
	// never closed before the store is.
	ChangesWaiting() <-chan struct{}
}

// Change says that UserID changed.
type Change struct {
	Seq    int64
	UserID string
}

// UserStore is what a driver of the users store opens.
type UserStore interface {
	Users
	Credentials
	Changes

	// Setting and PutSetting keep small facts of the installation, such as the fingerprint of the root key. PutSetting
	// stores value only where the name is new or still holds old (nil = new), else ErrStale.
	Setting(ctx context.Context, name string) ([]byte, error)
	PutSetting(ctx context.Context, name string, old, value []byte) error

	// Ping says whether the store answers.
	Ping(ctx context.Context) error
	// Close flushes and releases. Every later call returns ErrClosed.
	Close() error
}

// SessionHost is an optional ability of a UserStore: to keep sessions in the same database (`sessions embedded`).
type SessionHost interface {
	// EmbeddedSessions returns the session store in this database. It lives as long as the UserStore.
	EmbeddedSessions() SessionStore
}
