package admin

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// rolesShown bounds the roles on a page.
const rolesShown = 500

// rolesPage shows the roles.
func (s *facts) rolesPage(c *web.Call) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	list, err := s.roles(c.Ctx())
	if err != nil {
		return err
	}
	shown := list[:min(len(list), rolesShown)]
	data := pages.AdminRolesData{Roles: make([]pages.AdminRole, 0, len(shown)), More: len(list) - len(shown)}
	for i := range shown {
		data.Roles = append(data.Roles, roleOfPage(&shown[i]))
	}
	return c.Page(http.StatusOK, pages.Page{Name: pages.AdminRoles, Data: data})
}

func roleOfPage(r *RoleReport) pages.AdminRole {
	out := pages.AdminRole{Name: r.Name, Assigned: r.Assigned, Held: r.Held, Counted: r.Counted,
		Includes: r.Includes, ComeWith: r.ComeWith,
		GivenAtSignup: r.GivenAtSignup, Own: r.Administers, Nobody: r.Unheld, Idle: r.Undemanded}
	for _, rule := range r.Rules {
		out.Rules = append(out.Rules, pages.RoleRule(rule))
	}
	return out
}

// rolesAPI answers GET admin/roles.
func (s *facts) rolesAPI(c *web.Call) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	list, err := s.roles(c.Ctx())
	if err != nil {
		return err
	}
	out := make([]map[string]any, 0, len(list))
	for _, r := range list {
		rules := make([]map[string]any, 0, len(r.Rules))
		for _, rule := range r.Rules {
			rules = append(rules, map[string]any{"hosts": accounts.Listed(rule.Hosts),
				"methods": accounts.Listed(rule.Methods), "paths": accounts.Listed(rule.Paths),
				"narrowed": rule.Narrowed, "rule": rule.Rule, "source": rule.Source})
		}
		role := map[string]any{"role": r.Name, "assigned": nil, "held": nil, "includes": accounts.Listed(r.Includes),
			"comes_with":      accounts.Listed(r.ComeWith),
			"given_at_signup": r.GivenAtSignup, "administers": r.Administers, "rules": rules,
			"nobody_holds": r.Unheld, "demanded_nowhere": r.Undemanded}
		if r.Counted {
			role["assigned"], role["held"] = r.Assigned, r.Held
		}
		out = append(out, role)
	}
	return c.JSON(http.StatusOK, map[string]any{"roles": out})
}

// roles returns every role that is configured, assigned or demanded, sorted by name.
func (s *facts) roles(ctx context.Context) ([]RoleReport, error) {
	all := map[string]*RoleReport{}
	role := func(name string) *RoleReport {
		if all[name] == nil {
			all[name] = &RoleReport{Name: name}
		}
		return all[name]
	}
	role(accounts.AdministratorRole).Administers = true
	for name := range s.includes {
		role(name)
	}
	for _, name := range s.set.Signup.Roles {
		role(name).GivenAtSignup = true
	}
	if s.roleUses != nil {
		for _, use := range s.roleUses() {
			r := role(use.Role)
			r.Rules = append(r.Rules, use.RoleRule)
		}
	}
	if s.statistics != nil {
		counts, err := s.statistics.CountRoles(ctx, s.expand)
		if err != nil {
			return nil, fmt.Errorf("counting roles: %w", err)
		}
		for name, n := range counts {
			r := role(name)
			r.Assigned, r.Held = n.Assigned, n.Held
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, other := range s.expand([]string{name}) {
			if other != name {
				all[name].Includes = append(all[name].Includes, other)
				role(other).ComeWith = append(role(other).ComeWith, name)
			}
		}
	}
	list := make([]RoleReport, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := *all[name]
		r.Counted = s.statistics != nil
		r.Unheld = r.Counted && len(r.Rules) > 0 && r.Held == 0
		demanded := func(name string) bool { return all[name].Administers || len(all[name].Rules) > 0 }
		r.Undemanded = (r.Assigned > 0 || r.GivenAtSignup) && !demanded(name) &&
			!slices.ContainsFunc(r.Includes, demanded)
		list = append(list, r)
	}
	return list, nil
}
