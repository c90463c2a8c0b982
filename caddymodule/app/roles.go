package app

import "github.com/gatehouse-auth/gatehouse/authportal/admin"

// includes are the configured roles, for the pages of administrators.
func (a *App) includes() map[string][]string {
	all := make(map[string][]string, len(a.Roles))
	for name, role := range a.Roles {
		all[name] = role.Includes
	}
	return all
}

// ruleHolder is a handler whose rules demand roles: a gate.
type ruleHolder interface {
	RoleUses(hosts []string) []admin.RoleUse
}

// RoleUses returns the rules of all gates that demand roles, gate by gate. It is called when requests are answered: the
// handlers are mounted by then.
func (a *App) roleUses() (uses []admin.RoleUse) {
	for i := range a.mounts {
		m := &a.mounts[i]
		if holder, ok := m.Handler.(ruleHolder); ok {
			uses = append(uses, holder.RoleUses(m.Location.Hosts)...)
		}
	}
	return uses
}
