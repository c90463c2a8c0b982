package authportal

import (
	"net/http"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// adminInviteAPI answers POST admin/users/{id}/invite: the first letter, or another.
func (c *call) adminInviteAPI() error {
	by, err := c.mustAdminister(recentLogin)
	if err != nil {
		return err
	}
	u, err := c.target()
	if err != nil {
		return err
	}
	if _, err := c.p.accounts.Invite(c.ctx(), by, u.ID); err != nil {
		return err
	}
	return c.json(http.StatusAccepted, map[string]string{"status": statusSent})
}

// adminTicketAPI answers POST admin/users/{id}/ticket. The link is in this answer and nowhere else.
func (c *call) adminTicketAPI() error {
	link, until, err := c.makeTicket()
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, map[string]string{"url": link, "expires": until.UTC().Format(time.RFC3339)})
}

// makeTicket makes a link that signs in as the account that the call is about. Nobody gets more by it than they have: what
// signs in as an administrator is for an administrator who is there, never for an API token, from which it would make a
// person who has just signed in.
func (c *call) makeTicket() (link string, until time.Time, err error) {
	by, err := c.mustAdminister(recentLogin)
	if err != nil {
		return "", until, err
	}
	if err := c.mustHTTPS(); err != nil {
		return "", until, err
	}
	u, err := c.target()
	if err != nil {
		return "", until, err
	}
	if c.administers(&u) {
		if by, err = c.mustAdminister(recentLoginNoToken); err != nil {
			return "", until, err
		}
	}
	return c.p.MakeTicket(c.ctx(), by, u.ID)
}

func (c *call) administers(u *store.User) bool {
	return slices.Contains(c.p.expand(u.InForce()), administratorRole)
}
