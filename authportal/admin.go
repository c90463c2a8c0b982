package authportal

import (
	"net/http"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// adminRoutes are the actions of administrators on accounts.
func (p *Portal) adminRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/api/v1/admin/users", do: (*call).adminUsersAPI},
		{method: http.MethodPost, path: "/api/v1/admin/users", do: (*call).adminCreateAPI},
		{method: http.MethodPost, path: "/api/v1/admin/users/bulk", do: (*call).adminBulkAPI},
		{method: http.MethodGet, path: "/api/v1/admin/users/{id}", do: (*call).adminUserAPI},
		{method: http.MethodPatch, path: "/api/v1/admin/users/{id}", do: (*call).adminChangeAPI},
		{method: http.MethodDelete, path: "/api/v1/admin/users/{id}", do: (*call).adminDeleteAPI},
		{method: http.MethodDelete, path: "/api/v1/admin/users/{id}/sessions", do: (*call).adminEndSessionsAPI},
		{method: http.MethodDelete, path: "/api/v1/admin/users/{id}/factors", do: (*call).adminClearFactorsAPI},
		{method: http.MethodPost, path: "/api/v1/admin/users/{id}/invite", do: (*call).adminInviteAPI},
		{method: http.MethodPost, path: "/api/v1/admin/users/{id}/ticket", do: (*call).adminTicketAPI},
	}
}

// assurance is how sure an act of an administrator needs us to be of them.
type assurance int

const (
	anySession         assurance = iota // reads, or changes what opens no door
	recentLogin                         // roles, names, deletion: a sign-in of the last ten minutes, or an API token
	recentLoginNoToken                  // what signs in as somebody else: a sign-in of the last ten minutes, and never a token
)

// mustAdminister is the one place that decides who may do what to accounts of others. The role is read from the account as it
// is stored now, so that one who has just lost it can do nothing more. An administrator may hand out everything, so there is
// nothing above their own to withhold.
func (c *call) mustAdminister(needs assurance) (Actor, error) {
	me, err := c.caller()
	if err != nil {
		return Actor{}, err
	}
	var roles []string
	if me.viaToken {
		roles = me.live.Identity.Roles // CheckToken has just read them
	} else {
		_, u, err := c.mustUser()
		if err != nil {
			return Actor{}, err
		}
		roles = u.InForce()
	}
	if !slices.Contains(c.p.expand(roles), administratorRole) {
		c.p.AccessRefused(c.ctx(), me.live, problem.Forbidden.Code, c.v.Addr, c.v.Host)
		return Actor{}, problem.Forbidden
	}
	if needs == recentLoginNoToken {
		if err := c.mustHTTPS(); err != nil {
			return Actor{}, err
		}
	}
	if needs == recentLoginNoToken || needs == recentLogin && !me.viaToken {
		if _, err := c.mustFresh(); err != nil {
			return Actor{}, err
		}
	}
	base, err := c.mailBase()
	if err != nil {
		base = "" // letters about what they do then name no address
	}
	return Actor{ID: me.live.Identity.UserID, Method: TokenMethod(me.live), Address: address(c.v), Host: c.v.Host, Base: base}, nil
}

// target returns the account that the call is about. Only an id names it: what else an address could match may change hands.
func (c *call) target() (store.User, error) {
	return c.p.accounts.Account(c.ctx(), c.arg)
}
