package gate

import (
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/authportal/admin"
)

// RoleUses returns the gate's rules that demand roles. hosts are the names under which requests reach it.
func (g *Gate) RoleUses(hosts []string) (uses []admin.RoleUse) {
	for _, r := range g.Rules {
		rule, err := r.rule()
		if err != nil {
			continue // it was compiled when the gate was mounted
		}
		shown := admin.RoleRule{Hosts: hosts, Methods: rule.Methods, Paths: rule.Paths, Rule: rule.String(),
			Source: rule.Source}
		if shown.Source == "" {
			shown.Source = g.Source
		}
		if len(g.matchers) > 0 {
			shown.Paths, shown.Narrowed = narrowedPaths(g.matchers, shown.Paths)
		}
		for _, role := range rule.Roles() {
			uses = append(uses, admin.RoleUse{Role: role, RoleRule: shown})
		}
	}
	return uses
}

// narrowedPaths returns the paths that a gate's own matcher leaves of a rule, where that is plain to see: `gate
// /admin/* role:admin` is a rule for every path behind a matcher of one. Otherwise it says that there is more to it.
func narrowedPaths(sets caddyhttp.MatcherSets, paths []string) (left []string, more bool) {
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
