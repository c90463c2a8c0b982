package authportal

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
)

// RoleUse is a rule of a gate that demands a role, as the host knows it.
type RoleUse struct {
	Role string
	pages.RoleRule
}

// rolesShown is how many roles a page shows; more is nobody's list any more.
const rolesShown = 500

// rolesPage shows the roles.
func (c *call) rolesPage() error {
	if _, err := c.mustAdminister(noPower); err != nil {
		return err
	}
	list, err := c.p.roles(c.ctx())
	if err != nil {
		return err
	}
	shown := list[:min(len(list), rolesShown)]
	return c.page(http.StatusOK, pages.Page{Name: pages.AdminRoles, Data: pages.AdminRolesData{Roles: shown, More: len(list) - len(shown)}})
}

// rolesAPI answers GET admin/roles.
func (c *call) rolesAPI() error {
	if _, err := c.mustAdminister(noPower); err != nil {
		return err
	}
	list, err := c.p.roles(c.ctx())
	if err != nil {
		return err
	}
	out := make([]map[string]any, 0, len(list))
	for _, r := range list {
		rules := make([]map[string]any, 0, len(r.Rules))
		for _, rule := range r.Rules {
			rules = append(rules, map[string]any{"hosts": some(rule.Hosts), "methods": some(rule.Methods), "paths": some(rule.Paths),
				"narrowed": rule.Narrowed, "rule": rule.Rule, "source": rule.Source})
		}
		role := map[string]any{"role": r.Name, "assigned": nil, "held": nil, "includes": some(r.Includes), "comes_with": some(r.ComeWith),
			"given_at_signup": r.GivenAtSignup, "administers": r.Own, "rules": rules, "nobody_holds": r.Nobody, "demanded_nowhere": r.Idle}
		if r.Counted {
			role["assigned"], role["held"] = r.Assigned, r.Held
		}
		out = append(out, role)
	}
	return c.json(http.StatusOK, map[string]any{"roles": out})
}

// some is a list that is never null.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// roles returns every role that somebody configured, assigned or demanded, by name.
func (p *Portal) roles(ctx context.Context) ([]pages.AdminRole, error) {
	all := map[string]*pages.AdminRole{}
	role := func(name string) *pages.AdminRole {
		if all[name] == nil {
			all[name] = &pages.AdminRole{Name: name}
		}
		return all[name]
	}
	role(administratorRole).Own = true
	for name := range p.includes {
		role(name)
	}
	for _, name := range p.set.Signup.Roles {
		role(name).GivenAtSignup = true
	}
	if p.roleUses != nil {
		for _, use := range p.roleUses() {
			r := role(use.Role)
			r.Rules = append(r.Rules, use.RoleRule)
		}
	}
	if p.statistics != nil {
		counts, err := p.statistics.CountRoles(ctx, p.expand)
		if err != nil {
			return nil, fmt.Errorf("counting roles: %w", err)
		}
		for name, n := range counts {
			r := role(name)
			r.Assigned, r.Held = n.Assigned, n.Held
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, other := range p.expand([]string{name}) {
			if other != name {
				all[name].Includes = append(all[name].Includes, other)
				role(other).ComeWith = append(role(other).ComeWith, name)
			}
		}
	}
	list := make([]pages.AdminRole, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := *all[name]
		r.Counted = p.statistics != nil
		r.Nobody = r.Counted && len(r.Rules) > 0 && r.Held == 0
		asked := func(name string) bool { return all[name].Own || len(all[name].Rules) > 0 }
		r.Idle = (r.Assigned > 0 || r.GivenAtSignup) && !asked(name) && !slices.ContainsFunc(r.Includes, asked)
		list = append(list, r)
	}
	return list, nil
}
