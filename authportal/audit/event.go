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
	EventAccountExport = "account_export" // an owner exported their data

	EventAuditExport = "audit_export" // the trail, or a part of it, was exported
	EventAuditGap    = "audit_gap"    // events are missing in the trail
)

// Kinds are the kinds by which a list can be filtered, in the order of the page.
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
	ResultFailed  = "failed" // an internal failure
)

// Event is an audit event, as it is logged, passed to the host, stored, and delivered by the webhook. It never holds a
// secret, nor text of an unauthenticated client.
type Event = store.AuditEvent

// EventField is a field of an event besides its id, time and kind.
type EventField struct{ Name, Value string }

// EventFields returns the fields of an event in the order of its JSON, including empty ones. Their names are those of
// logs, tables and event handlers.
func EventFields(e *Event) []EventField {
	return []EventField{{"result", e.Result}, {"reason", e.Reason}, {"actor", e.Actor}, {"user_id", e.UserID},
		{"username", e.Username},
		{"method", e.Method}, {"session", e.Session}, {"address", e.Address}, {"host", e.Host}}
}

// Emitter assigns ids to events, logs them and passes them to the host. It is safe for concurrent use.
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

// Reasons of refusals that are logged as warnings. They are problem codes.
const (
	reasonTooMany     = "too_many_attempts"
	reasonCrossOrigin = "cross_origin"
)

// Emit assigns an id to an event, and a time if it has none, and emits it even if ctx ends.
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

// newEventID returns a unique id. It is no secret.
func newEventID() string { return strings.ToLower(rand.Text()) }
