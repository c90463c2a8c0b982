package admin

import (
	"time"
)

// overview is the content of the first page of administration.
type overview struct {
	Alerts      []Alert     // the most pressing first
	Open        int         // active sessions; -1: unknown
	Hours, Days []Statistic // the last 24 and 30, in UTC, oldest first; empty without statistics
}

// Alert is something that needs the attention of an administrator.
type Alert struct {
	// Kind is "approvals", "throttled", "mail", "setup_open", "one_administrator", "session_feed" or "session_store".
	Kind string

	Count    int
	Since    time.Time      // zero: unknown
	Detail   string         // the message of a server; may be empty
	Accounts []AlertAccount // concerned
	Hint     bool           // a recommendation, not a failure
}

// AlertAccount is an account that an alert concerns.
type AlertAccount struct{ ID, Username string }

// Statistic counts the events of an hour or a day.
type Statistic struct {
	Start                     time.Time
	SignIns, Refused, SignUps int
	Sessions                  int // the most open at once; -1: not countEvents
}

// RoleReport is a role that is configured, assigned, or demanded by a rule.
type RoleReport struct {
	Name               string
	Assigned, Held     int // accounts with the role itself; also those that have it by another role
	Counted            bool
	Includes, ComeWith []string // roles that it includes; roles that include it
	GivenAtSignup      bool
	Administers        bool
	Rules              []RoleRule
	Unheld             bool // a rule demands it, and no account holds it
	Undemanded         bool // accounts have it, and no rule demands it or a role that it includes
}

// RoleRule is a rule of a gate that demands a role. An empty list matches everything.
type RoleRule struct {
	Hosts, Methods, Paths []string
	Narrowed              bool   // the gate has a matcher, which narrows it further
	Rule                  string // in Caddyfile syntax
	Source                string // file:line; may be empty
}

// RoleUse is a rule of a gate and the role that it demands.
type RoleUse struct {
	Role string
	RoleRule
}
