package pages

// AdminRolesData fills AdminRoles: the roles, who holds them, and which rules demand them.
type AdminRolesData struct {
	Roles []AdminRole
	More  int // number of roles that are not shown
}

// AdminRole is a role that is configured, assigned, or demanded by a rule.
type AdminRole struct {
	Name               string
	Assigned, Held     int // accounts that it is assigned to; accounts that hold it, also through another role
	Counted            bool
	Includes, ComeWith []string // roles that it includes; roles that include it
	GivenAtSignup      bool
	Own                bool // it grants access to these pages
	Rules              []RoleRule
	Nobody             bool // a rule demands it, but no account holds it
	Idle               bool // accounts hold it, but no rule demands it or a role that it includes
}

// RoleRule is a rule of a gate that demands a role. An empty list stands for all.
type RoleRule struct {
	Hosts, Methods, Paths []string
	Narrowed              bool   // the gate has a matcher, so that the rule may apply to less
	Rule                  string // as in a Caddyfile
	Source                string // file:line; may be empty
}
