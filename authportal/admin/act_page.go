package admin

import (
	"net/http"
	"net/url"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// actForm performs one act on one account.
func (s *people) actForm(c *web.Call) error {
	f, err := c.FormFields("do", "password", "sure")
	if err != nil {
		return err
	}
	ticket, err := s.actByForm(c, f)
	switch {
	case err != nil:
		return s.formFailed(c, err, "/admin/users/"+url.PathEscape(c.Arg), nil,
			func(status int, p pages.Page) error { return s.showUser(c, status, p) })
	case ticket != "":
		return s.showUserTicket(c, http.StatusOK, pages.Page{Notice: &pages.Message{ID: "done_ticket"}}, ticket)
	case f["do"] == "delete" || f["do"] == "decline":
		return c.Redirect(c.Link("/admin/users?done=deleted"))
	}
	return c.Redirect(c.Link("/admin/users/" + c.Arg + "?done=saved"))
}

// actByForm performs an act for a single account, or one of accounts.Acts. It returns the ticket, if the act made one.
func (s *people) actByForm(c *web.Call, f map[string]string) (ticket string, err error) {
	if f["do"] == "ticket" {
		ticket, _, err = s.makeTicket(c)
		return ticket, err
	}
	act := accounts.ActNamed(f["do"])
	needs := accounts.RecentLogin
	switch {
	case act != nil:
		needs = act.Needs
	case f["do"] == "password":
		needs = accounts.RecentLoginNoToken
	}
	by, err := s.entry.mustAdminister(c, needs)
	if err != nil {
		return "", err
	}
	u, err := s.entry.target(c)
	if err != nil {
		return "", err
	}
	a := s.accounts
	switch f["do"] {
	case "password":
		_, err = a.Set(c.Ctx(), by, u.ID, accounts.UserChange{Password: new(f["password"])})
	case "invite":
		_, err = a.Invite(c.Ctx(), by, u.ID)
	case "factors":
		err = a.ClearFactors(c.Ctx(), by, u.ID)
	default:
		switch {
		case act == nil || act.Role:
			return "", problem.Malformed
		case act.Name == "delete" && f["sure"] != "1":
			return "", problem.InvalidField("sure", "is not ticked")
		}
		err = act.Do(a, c.Ctx(), by, u.ID, "")
	}
	return "", err
}
