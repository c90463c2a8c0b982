package authportal

import (
	"context"
	"log/slog"
	"time"
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
)

// Results of events.
const (
	ResultOK      = "ok"
	ResultRefused = "refused"
	ResultFailed  = "failed" // we failed
)

// Event is something that an auditor wants to know. It never holds a secret, and no text of a person who proved nothing.
type Event struct {
	Kind     string
	Result   string
	Reason   string // why it was refused or failed: a problem code or a few words of ours
	Actor    string // who did it, where that is not the person it is about: "command line", the id of an administrator
	UserID   string // whom it is about; empty where there is no such account
	Username string
	Method   string // of signing in
	Session  string // public id of the sign-in
	Address  string // of the browser
	Host     string
	Time     time.Time
}

// emit completes e with what the call knows, logs it and tells the host.
func (c *call) emit(e Event) {
	e.Time = c.p.now()
	if c.v.Addr.IsValid() {
		e.Address = c.v.Addr.Unmap().String()
	}
	e.Host = c.v.Host
	// The request's end must not cut off an audit record.
	tell(context.WithoutCancel(c.r.Context()), c.p.log, c.p.notify, e)
}

// tell logs a complete event and tells the host.
func tell(ctx context.Context, log *slog.Logger, notify func(context.Context, Event), e Event) {
	level := slog.LevelInfo
	switch {
	case e.Result == ResultFailed:
		level = slog.LevelError
	case e.Result == ResultRefused && (e.Reason == codeTooMany || e.Reason == codeCrossOrigin), e.Kind == EventSessionTheft:
		level = slog.LevelWarn
	}
	log.LogAttrs(ctx, level, e.Kind, slog.String("result", e.Result), slog.String("reason", e.Reason),
		slog.String("actor", e.Actor), slog.String("user_id", e.UserID), slog.String("username", e.Username), slog.String("method", e.Method),
		slog.String("session", e.Session), slog.String("address", e.Address), slog.String("host", e.Host))
	notify(ctx, e)
}
