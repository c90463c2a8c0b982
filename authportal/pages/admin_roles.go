package pages

// AdminRolesData fills AdminRoles: who holds which role, and what it is good for.
type AdminRolesData struct {
	Roles []AdminRole
	More  int // how many are not shown, because there are too many
}

// AdminRole is a role that is configured, assigned, or demanded by a rule.
type AdminRole struct {
	Name               string
	Assigned, Held     int // accounts that have it themselves; those to which it comes with another role, too
	Counted            bool
	Includes, ComeWith []string // roles that come with it; roles that it comes with
	GivenAtSignup      bool
	Own                bool // it opens these pages
	Rules              []RoleRule
	Nobody             bool // a rule demands it, and no account has it
	Idle               bool // accounts have it, and no rule demands it or what comes with it
}

// RoleRule is a rule of a gate that demands a role. What is empty is every one.
type RoleRule struct {
	Hosts, Methods, Paths []string
	Narrowed              bool   // the gate has a matcher, which says what of this it judges
	Rule                  string // as in a Caddyfile
	Source                string // file:line; may be empty
}
