package store

import (
	"context"
	"time"
)

// Figures is an optional ability of a UserStore that keeps an audit trail: what happened, counted by the hour (UTC), so that
// a chart of a month costs the same whatever happened in it, and who holds what. What is counted by the hour is kept as long
// as the trail.
type Figures interface {
	// EventHours returns how often each kind of event happened in each hour that began at since or later, oldest first.
	// AppendEvents counts an event in the very step that stores it.
	EventHours(ctx context.Context, since time.Time) ([]EventHour, error)

	// EventUsers returns whom the events of that kind, result and reason since a time were about, most often first, at
	// most limit of them.
	EventUsers(ctx context.Context, kind, result, reason string, since time.Time, limit int) ([]EventUser, error)

	// SawSessions notes how many sessions were open at a time; an hour keeps the highest number that was seen in it.
	SawSessions(ctx context.Context, at time.Time, open int) error

	// SessionHours returns those numbers for each hour that began at since or later and was looked at, oldest first.
	SessionHours(ctx context.Context, since time.Time) ([]SessionHour, error)

	// CountRoles returns how many accounts are assigned each role, and how many hold it when held says what else comes with
	// the roles in force of an account. held is called for every set of roles that somebody has.
	CountRoles(ctx context.Context, held func(inForce []string) []string) (map[string]RoleCount, error)
}

// EventHour is how often one kind of event happened with one result in an hour.
type EventHour struct {
	Hour         time.Time // its beginning
	Kind, Result string
	Count        int
}

// EventUser is an account that events were about. It may be gone.
type EventUser struct {
	UserID, Username string
	Count            int
	Last             time.Time
}

// SessionHour is the highest number of sessions that was seen open at once in an hour.
type SessionHour struct {
	Hour time.Time // its beginning
	Open int
}

// SessionCounter is an optional ability of a SessionStore.
type SessionCounter interface {
	// CountSessions returns how many sign-ins have not ended. Of many thousands it may be an estimate, good to a few in a
	// hundred, so that nobody waits long for it.
	CountSessions(ctx context.Context) (int, error)
}

// RoleCount is how many accounts have a role.
type RoleCount struct {
	Assigned int // by themselves
	Held     int // by themselves or with another role
}
