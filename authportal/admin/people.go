package admin

import (
	"net/http"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// inviteAPI answers POST admin/users/{id}/invite: it sends an invitation, or sends it again.
func (s *people) inviteAPI(c *web.Call) error {
	by, err := s.entry.mustAdminister(c, accounts.RecentLogin)
	if err != nil {
		return err
	}
	u, err := s.entry.target(c)
	if err != nil {
		return err
	}
	if _, err := s.accounts.Invite(c.Ctx(), by, u.ID); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, map[string]string{"status": web.StatusSent})
}

// ticketAPI answers POST admin/users/{id}/ticket. The link is in this answer and nowhere else.
func (s *people) ticketAPI(c *web.Call) error {
	link, until, err := s.makeTicket(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, map[string]string{"url": link, "expires": until.UTC().Format(time.RFC3339)})
}

// makeTicket makes a link that signs in as the account of the call. A ticket of an administrator requires a recent
// login and refuses API tokens: a token could use it to gain a recent login (privilege escalation).
func (s *people) makeTicket(c *web.Call) (link string, until time.Time, err error) {
	by, err := s.entry.mustAdminister(c, accounts.RecentLogin)
	if err != nil {
		return "", until, err
	}
	if err := s.signin.MustHTTPS(c); err != nil {
		return "", until, err
	}
	u, err := s.entry.target(c)
	if err != nil {
		return "", until, err
	}
	if s.administers(c, &u) {
		if by, err = s.entry.mustAdminister(c, accounts.RecentLoginNoToken); err != nil {
			return "", until, err
		}
	}
	return s.signin.MakeTicket(c.Ctx(), by, u.ID)
}

func (s *people) administers(c *web.Call, u *store.User) bool {
	return slices.Contains(s.expand(u.InForce()), accounts.AdministratorRole)
}
