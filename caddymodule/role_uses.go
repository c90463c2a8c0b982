package caddymodule

import (
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/authportal"
)

// includes are the configured roles, for the pages of administrators.
func (a *App) includes() map[string][]string {
	all := make(map[string][]string, len(a.Roles))
	for name, role := range a.Roles {
		all[name] = role.Includes
	}
	return all
}

// roleUses returns the rules of all gates that demand roles, gate by gate. It is asked when requests are answered: where
// each gate stands is settled by then.
func (a *App) roleUses() (uses []authportal.RoleUse) {
	for i := range a.settled {
		gate, ok := a.settled[i].handler.(*Gate)
		if !ok {
			continue
		}
		for _, r := range gate.Rules {
			rule, err := r.rule()
			if err != nil {
				continue // it was compiled when the gate settled
			}
			told := authportal.RoleRule{Hosts: a.settled[i].place.Hosts, Methods: rule.Methods, Paths: rule.Paths, Rule: rule.String(), Source: rule.Source}
			if told.Source == "" {
				told.Source = gate.Source
			}
			if len(gate.matchers) > 0 {
				told.Paths, told.Narrowed = narrowed(gate.matchers, told.Paths)
			}
			for _, role := range rule.Roles() {
				uses = append(uses, authportal.RoleUse{Role: role, RoleRule: told})
			}
		}
	}
	return uses
}

// narrowed returns the paths that a gate's own matcher leaves of a rule, where that is plain to see: `gate /admin/* role:admin`
// is a rule for every path behind a matcher of one. Otherwise it says that there is more to it.
func narrowed(sets caddyhttp.MatcherSets, paths []string) (left []string, more bool) {
	if len(paths) > 0 || len(sets) != 1 || len(sets[0]) != 1 {
		return paths, true
	}
	if list, ok := sets[0][0].(*caddyhttp.MatchPath); ok {
		return *list, false
	}
	if list, ok := sets[0][0].(caddyhttp.MatchPath); ok {
		return list, false
	}
	return paths, true
}

// alerts is what this process knows that an administrator should look at.
func (run *Running) alerts() []authportal.Alert {
	if run.Sessions.Stats().Up {
		return nil
	}
	return []authportal.Alert{{Kind: "session_feed"}}
}
