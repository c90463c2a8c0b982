package audit

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Kinds of events.
const (
	EventSignIn         = "sign_in"
	EventSignOut        = "sign_out"
	EventSessionEnd     = "session_end"
	EventSessionTheft   = "session_theft"
	EventSignUp         = "sign_up"
	EventPasswordChange = "password_change"
	EventTokenCreate    = "token_create"
	EventTokenDelete    = "token_delete"
	EventSetup          = "setup"
	EventProfileChange  = "profile_change"
	EventCrossOrigin    = "cross_origin"
	EventLetter         = "letter"
	EventEmailConfirm   = "email_confirm"
	EventEmailAsk       = "email_ask"
	EventEmailChange    = "email_change"
	EventEmailUndo      = "email_undo"
	EventUserCreate     = "user_create"
	EventUserChange     = "user_change"
	EventUserDelete     = "user_delete"
	EventColumnAdded    = "column_added"
	EventColumnChanged  = "column_changed"
	EventColumnRemoved  = "column_removed"
	EventUsersImported  = "users_imported"
	EventUsersExported  = "users_exported"
	EventTicketCreate   = "ticket_create"
	EventTicketUse      = "ticket_use"

	EventAccess        = "access"         // access was refused
	EventAccountExport = "account_export" // an owner took along what is kept of them

	EventAuditExport = "audit_export" // the trail, or a part of it, was taken away
	EventAuditGap    = "audit_gap"    // events that are missing in the trail itself
)

// Kinds are the kinds that a list can be narrowed to, in the order shown.
var Kinds = []string{EventSignIn, EventSignOut, EventSessionEnd, EventSessionTheft, EventSignUp,
	EventEmailConfirm, EventPasswordChange,
	EventProfileChange, EventTokenCreate, EventTokenDelete, EventLetter, EventAccess, EventCrossOrigin,
	EventAccountExport, EventSetup, EventUserCreate, EventUserChange,
	EventUserDelete, EventEmailAsk, EventEmailChange, EventEmailUndo, EventTicketCreate, EventTicketUse,
	EventUsersImported, EventUsersExported,
	EventColumnAdded, EventColumnChanged, EventColumnRemoved, EventAuditExport, EventAuditGap}

// Results of events.
const (
	ResultOK      = "ok"
	ResultRefused = "refused"
	ResultFailed  = "failed" // we failed
)

// Event is something that an auditor wants to know, as it is logged, told to the host, kept and told by the webhook. It
// never holds a secret, and no text of a person who proved nothing.
type Event = store.AuditEvent

// EventField is what an event says beside its id, time and kind.
type EventField struct{ Name, Value string }

// EventFields returns every field in the order of its JSON, empty ones too: what names them in logs, in tables and for
// handlers of events.
func EventFields(e *Event) []EventField {
	return []EventField{{"result", e.Result}, {"reason", e.Reason}, {"actor", e.Actor}, {"user_id", e.UserID},
		{"username", e.Username},
		{"method", e.Method}, {"session", e.Session}, {"address", e.Address}, {"host", e.Host}}
}

// Emitter gives events their ids, logs them and passes them on to the host. It is safe for concurrent use.
type Emitter struct {
	now      func() time.Time
	log      *slog.Logger
	notify   func(context.Context, Event)
	refusals OnceAMinute
}

// NewEmitter returns an Emitter. notify is called with every event and must not block.
func NewEmitter(now func() time.Time, log *slog.Logger, notify func(context.Context, Event)) *Emitter {
	return &Emitter{now: now, log: log, notify: notify}
}

// Reasons of refusals that an operator wants to see among the warnings. They are codes of problems.
const (
	reasonTooMany     = "too_many_attempts"
	reasonCrossOrigin = "cross_origin"
)

// Emit completes an event with its id and, where it has none, its time. The end of a request does not cut off its
// record.
func (t *Emitter) Emit(ctx context.Context, e Event) {
	ctx = context.WithoutCancel(ctx)
	if e.Time.IsZero() {
		e.Time = t.now()
	}
	e.ID, e.Time = newEventID(), e.Time.UTC()
	level := slog.LevelInfo
	switch {
	case e.Result == ResultFailed:
		level = slog.LevelError
	case e.Result == ResultRefused && (e.Reason == reasonTooMany || e.Reason == reasonCrossOrigin),
		e.Kind == EventSessionTheft:
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.String("id", e.ID)}
	for _, f := range EventFields(&e) {
		attrs = append(attrs, slog.String(f.Name, f.Value))
	}
	t.log.LogAttrs(ctx, level, e.Kind, attrs...)
	t.notify(ctx, e)
}

// newEventID is no secret and decides nothing: it only tells one event from another.
func newEventID() string { return strings.ToLower(rand.Text()) }
