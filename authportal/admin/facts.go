package admin

import (
	"time"
)

// overview is what opens the pages and the API of administrators.
type overview struct {
	Alerts      []Alert     // the most pressing first
	Open        int         // sessions now; -1: not known
	Hours, Days []Statistic // the last 24 and the last 30, in UTC, oldest first; empty where nothing is counted
}

// Alert is something that an administrator should look at.
type Alert struct {
	Kind     string // "approvals", "throttled", "mail", "setup_open", "one_administrator", "session_feed", "session_store"
	Count    int
	Since    time.Time      // zero: it has no beginning
	Detail   string         // more of it, in the words of a server; may be empty
	Accounts []AlertAccount // whom it is about
	Hint     bool           // nothing is wrong yet
}

// AlertAccount names an account that an alert is about.
type AlertAccount struct{ ID, Username string }

// Statistic is what happened in an hour or a day.
type Statistic struct {
	Start                     time.Time
	SignIns, Refused, SignUps int
	Sessions                  int // the most that were seen open at once; -1: nobody looked
}

// RoleReport is a role that is configured, assigned, or demanded by a rule.
type RoleReport struct {
	Name               string
	Assigned, Held     int // accounts that have it themselves; those to which it comes with another role, too
	Counted            bool
	Includes, ComeWith []string // roles that come with it; roles that it comes with
	GivenAtSignup      bool
	Administers        bool
	Rules              []RoleRule
	Unheld             bool // a rule demands it, and no account holds it
	Undemanded         bool // accounts have it, and no rule demands it or what comes with it
}

// RoleRule is a rule of a gate that demands a role. What is empty is every one.
type RoleRule struct {
	Hosts, Methods, Paths []string
	Narrowed              bool   // the gate has a matcher, which says what of this it judges
	Rule                  string // as it could stand in a Caddyfile
	Source                string // file:line; may be empty
}

// RoleUse is a rule of a gate that demands a role, as the host knows it.
type RoleUse struct {
	Role string
	RoleRule
}
