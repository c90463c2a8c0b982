package store

import (
	"context"
	"time"
)

// AuditEvent is something that an auditor wants to know, as it is kept and told. It never holds a secret. Its JSON
// leaves out what an event does not have.
type AuditEvent struct {
	ID       string    `json:"id"`                 // 26 lower-case base32 characters, made by the gateway that saw it happen
	Time     time.Time `json:"time"`               // in UTC
	Kind     string    `json:"kind"`               // "sign_in", "user_change": what happened
	Result   string    `json:"result"`             // "ok", "refused", "failed"
	Reason   string    `json:"reason,omitempty"`   // why it was refused or failed, or what was changed
	Actor    string    `json:"actor,omitempty"`    // who did it, where that is not the person it is about
	UserID   string    `json:"user_id,omitempty"`  // whom it is about; the account may be gone
	Username string    `json:"username,omitempty"` // at that time
	Method   string    `json:"method,omitempty"`   // of signing in
	Session  string    `json:"session,omitempty"`  // public id of the sign-in
	Address  string    `json:"address,omitempty"`  // of the browser
	Host     string    `json:"host,omitempty"`

	// Times is how often it happened, where one event stands for several; 0: once. It is counted (see Statistics), and not
	// read back.
	Times int `json:"-"`
}

// AuditQuery selects events; what is empty selects nothing out.
type AuditQuery struct {
	Kind, Result, Actor, UserID, Username, Address string // exactly

	Since time.Time // not before
	Until time.Time // before

	After AuditCursor // only what stands after it in the list
	Limit int         // 0: 100; 1000 at most
}

// AuditCursor is the place of an event in the list. The event itself may be gone.
type AuditCursor struct {
	Time time.Time
	ID   string
}

// Cursor returns the place of e.
func (e AuditEvent) Cursor() AuditCursor { return AuditCursor{e.Time, e.ID} }

// Audit is an optional ability of a UserStore: to keep the audit trail. Times are kept to the microsecond.
type Audit interface {
	// AppendEvents stores all of events or none. One that is stored already stays as it is, so that a batch whose answer
	// got lost can be sent again.
	AppendEvents(ctx context.Context, events []AuditEvent) error

	// ListEvents returns a page of events, newest first.
	ListEvents(ctx context.Context, q AuditQuery) ([]AuditEvent, error)

	// PurgeEvents forgets what happened before that time, in batches that keep no caller waiting.
	PurgeEvents(ctx context.Context, before time.Time) error
}
