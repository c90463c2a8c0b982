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
	EventSignUp         = "sign_up"
	EventPasswordChange = "password_change"
	EventTokenCreate    = "token_create"
	EventTokenDelete    = "token_delete"
	EventSetup          = "setup"
	EventProfileChange  = "profile_change"
	EventCrossOrigin    = "cross_origin"
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
	level := slog.LevelInfo
	switch {
	case e.Result == ResultFailed:
		level = slog.LevelError
	case e.Result == ResultRefused && (e.Reason == codeTooMany || e.Reason == codeCrossOrigin):
		level = slog.LevelWarn
	}
	// The request's end must not cut off an audit record.
	ctx := context.WithoutCancel(c.r.Context())
	c.p.log.LogAttrs(ctx, level, e.Kind, slog.String("result", e.Result), slog.String("reason", e.Reason),
		slog.String("user_id", e.UserID), slog.String("username", e.Username), slog.String("method", e.Method),
		slog.String("session", e.Session), slog.String("address", e.Address), slog.String("host", e.Host))
	c.p.notify(ctx, e)
}
