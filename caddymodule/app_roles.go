package caddymodule

import "github.com/gatehouse-auth/gatehouse/authportal"

// includes are the configured roles, for the pages of administrators.
func (a *App) includes() map[string][]string {
	all := make(map[string][]string, len(a.Roles))
	for name, role := range a.Roles {
		all[name] = role.Includes
	}
	return all
}

// roleUser is a handler whose rules demand roles: a gate.
type roleUser interface {
	roleUses(hosts []string) []authportal.RoleUse
}

// roleUses returns the rules of all gates that demand roles, gate by gate. It is called when requests are answered: the
// handlers are mounted by then.
func (a *App) roleUses() (uses []authportal.RoleUse) {
	for i := range a.settled {
		s := &a.settled[i]
		if h, ok := s.handler.(roleUser); ok {
			uses = append(uses, h.roleUses(s.place.Hosts)...)
		}
	}
	return uses
}
