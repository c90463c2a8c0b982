package store

import (
	"context"
	"log/slog"
	"time"
)

// Env is what a driver gets from its host when it is opened.
type Env struct {
	Log     *slog.Logger
	Now     func() time.Time // the clock; time.Now in a running server
	DataDir string           // folder for files of ours; may not exist yet
}

// UsersDriver is a configured driver of the users store: a module in the namespace gatehouse.users.
type UsersDriver interface {
	// Resource names what is opened (a path, a DSN), the same for the same database however it was spelt, so that
	// reloads share one opened store. It may hold a password: it is never logged.
	Resource(env Env) string
	// OpenUsers connects and migrates. It must not return before the store is ready for use or failed.
	OpenUsers(ctx context.Context, env Env) (UserStore, error)
}

// SessionsDriver is a configured driver of the session store: a module in the namespace gatehouse.sessions.
type SessionsDriver interface {
	Resource(env Env) string
	OpenSessions(ctx context.Context, env Env) (SessionStore, error)
}
