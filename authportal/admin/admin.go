package admin

import (
	"net/http"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// apiRoutes returns the API of administrators for accounts.
func (s *people) apiRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/api/v1/admin/users", Do: s.listAPI},
		{Method: http.MethodPost, Path: "/api/v1/admin/users", Do: s.createAPI},
		{Method: http.MethodPost, Path: "/api/v1/admin/users/bulk", Do: s.bulkAPI},
		{Method: http.MethodGet, Path: "/api/v1/admin/users/{id}", Do: s.userAPI},
		{Method: http.MethodPatch, Path: "/api/v1/admin/users/{id}", Do: s.changeAPI},
		{Method: http.MethodDelete, Path: "/api/v1/admin/users/{id}", Do: s.deleteAPI},
		{Method: http.MethodDelete, Path: "/api/v1/admin/users/{id}/sessions", Do: s.endSessionsAPI},
		{Method: http.MethodDelete, Path: "/api/v1/admin/users/{id}/factors", Do: s.clearFactorsAPI},
		{Method: http.MethodPost, Path: "/api/v1/admin/users/{id}/invite", Do: s.inviteAPI},
		{Method: http.MethodPost, Path: "/api/v1/admin/users/{id}/ticket", Do: s.ticketAPI},
	}
}

// mustAdminister is the one place that authorises acts on other accounts. It reads the role from the account as it is
// stored now, so that a removed role has no effect any more. An administrator may assign every role, so there is no
// need to compare roles.
func (s *entry) mustAdminister(c *web.Call, needs accounts.Assurance) (accounts.Actor, error) {
	me, err := s.signin.Caller(c)
	if err != nil {
		return accounts.Actor{}, err
	}
	var roles []string
	if me.ViaToken {
		roles = me.Live.Identity.Roles // CheckToken has just read them
	} else {
		_, u, err := s.signin.MustUser(c)
		if err != nil {
			return accounts.Actor{}, err
		}
		roles = u.InForce()
	}
	if !slices.Contains(s.expand(roles), accounts.AdministratorRole) {
		s.signin.AccessRefused(c.Ctx(), me.Live, problem.Forbidden.Code, c.Visit.Addr, c.Visit.Host)
		return accounts.Actor{}, problem.Forbidden
	}
	if needs == accounts.RecentLoginNoToken {
		if err := s.signin.MustHTTPS(c); err != nil {
			return accounts.Actor{}, err
		}
	}
	if needs == accounts.RecentLoginNoToken || needs == accounts.RecentLogin && !me.ViaToken {
		if _, err := s.signin.MustFresh(c); err != nil {
			return accounts.Actor{}, err
		}
	}
	base, err := c.MailBase()
	if err != nil {
		base = "" // messages then have no links
	}
	return accounts.Actor{ID: me.Live.Identity.UserID, Method: audit.TokenMethod(me.Live),
		Address: web.Address(c.Visit), Host: c.Visit.Host, Base: base}, nil
}

// target returns the account of the call. Only an id names it: an address or a username can change hands.
func (s *entry) target(c *web.Call) (store.User, error) {
	return s.accounts.Account(c.Ctx(), c.Arg)
}
