package authportal

import (
	"net/http"
	"net/url"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
)

// adminActForm does one act on one account.
func (c *call) adminActForm() error {
	f, err := c.formFields("do", "password", "sure")
	if err != nil {
		return err
	}
	ticket, err := c.actByForm(f)
	switch {
	case err != nil:
		return c.adminFailed(err, "/admin/users/"+url.PathEscape(c.arg), nil, c.showAdminUser)
	case ticket != "":
		return c.showAdminTicket(http.StatusOK, pages.Page{Notice: &pages.Message{ID: "done_ticket"}}, ticket)
	case f["do"] == "delete" || f["do"] == "decline":
		return c.redirect(c.link("/admin/users?done=deleted"))
	}
	return c.redirect(c.link("/admin/users/" + c.arg + "?done=saved"))
}

// actByForm does what is done to one account alone, or one of the acts. A ticket is all that there is to be shown of it.
func (c *call) actByForm(f map[string]string) (ticket string, err error) {
	if f["do"] == "ticket" {
		ticket, _, err = c.makeTicket()
		return ticket, err
	}
	act := actNamed(f["do"])
	needs := recentLogin
	switch {
	case act != nil:
		needs = act.needs
	case f["do"] == "password":
		needs = recentLoginNoToken
	}
	by, err := c.mustAdminister(needs)
	if err != nil {
		return "", err
	}
	u, err := c.target()
	if err != nil {
		return "", err
	}
	a := c.p.Accounts()
	switch f["do"] {
	case "password":
		_, err = a.Set(c.ctx(), by, u.ID, UserChange{Password: new(f["password"])})
	case "invite":
		_, err = a.Invite(c.ctx(), by, u.ID)
	case "factors":
		err = a.ClearFactors(c.ctx(), by, u.ID)
	default:
		switch {
		case act == nil || act.role:
			return "", errMalformed
		case act.name == "delete" && f["sure"] != "1":
			return "", invalidField("sure", "is not ticked")
		}
		err = act.do(a, c.ctx(), by, u.ID, "")
	}
	return "", err
}
