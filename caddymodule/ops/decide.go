package ops

import (
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
)

// linkBase is the address that links in mail begin with where no browser asks for it.
func (o *operator) linkBase() string {
	if o.run.PortalBase != "" {
		return o.run.PortalBase
	}
	for _, m := range o.app.Mounts() {
		if m.Reachable && len(m.Location.Addresses) > 0 && m.Location.Addresses[0].Host[0] != '*' {
			return m.Location.Addresses[0].String() + m.BasePath()
		}
	}
	return ""
}

func (o *operator) actor() accounts.Actor {
	actor := commandLine
	actor.Base = o.linkBase()
	return actor
}

// approveUser answers POST /gatehouse/users/{who}/approve.
func (o *operator) approveUser(r *http.Request) (any, error) {
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	if u, err = o.run.Portal.Accounts().Approve(r.Context(), o.actor(), u.ID); err != nil {
		return nil, err
	}
	return o.show(r.Context(), &u)
}

// declineUser answers POST /gatehouse/users/{who}/decline.
func (o *operator) declineUser(r *http.Request) (any, error) {
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	if err := o.run.Portal.Accounts().Decline(r.Context(), o.actor(), u.ID); err != nil {
		return nil, err
	}
	return o.summarize(&u), nil
}

// ticketFor answers POST /gatehouse/users/{who}/ticket.
func (o *operator) ticketFor(r *http.Request) (any, error) {
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	link, until, err := o.run.Portal.SignIn.MakeTicket(r.Context(), o.actor(), u.ID)
	if err != nil {
		return nil, err
	}
	return SignInLink{URL: link, Expires: until}, nil
}

// SignInLink is a sign-in ticket, as it is shown once.
type SignInLink struct {
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
}

// inviteUser answers POST /gatehouse/users/{who}/invite.
func (o *operator) inviteUser(r *http.Request) (any, error) {
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	if u, err = o.run.Portal.Accounts().Invite(r.Context(), o.actor(), u.ID); err != nil {
		return nil, err
	}
	return o.show(r.Context(), &u)
}
