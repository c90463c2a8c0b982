package caddymodule

import (
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal"
)

// pages is the address that links in letters begin with where no browser asks for them.
func (o *operator) pages() string {
	if o.run.PortalBase != "" {
		return o.run.PortalBase
	}
	for i := range o.app.settled {
		s := &o.app.settled[i]
		if s.reachable && len(s.place.Addresses) > 0 && s.place.Addresses[0].Host[0] != '*' {
			return s.place.Addresses[0].String() + s.pathBase()
		}
	}
	return ""
}

func (o *operator) by() authportal.Actor {
	by := byCommandLine
	by.Base = o.pages()
	return by
}

// approveUser answers POST /gatehouse/users/{who}/approve.
func (o *operator) approveUser(r *http.Request) (any, error) {
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	if u, err = o.run.Portal.Accounts().Approve(r.Context(), o.by(), u.ID); err != nil {
		return nil, err
	}
	return o.view(r.Context(), &u)
}

// declineUser answers POST /gatehouse/users/{who}/decline.
func (o *operator) declineUser(r *http.Request) (any, error) {
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	if err := o.run.Portal.Accounts().Decline(r.Context(), o.by(), u.ID); err != nil {
		return nil, err
	}
	return o.listed(&u), nil
}

// ticketFor answers POST /gatehouse/users/{who}/ticket.
func (o *operator) ticketFor(r *http.Request) (any, error) {
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	link, until, err := o.run.Portal.MakeTicket(r.Context(), o.by(), u.ID)
	if err != nil {
		return nil, err
	}
	return signInLink{URL: link, Expires: until}, nil
}

// signInLink is a sign-in ticket, as it is shown once.
type signInLink struct {
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
}

// inviteUser answers POST /gatehouse/users/{who}/invite.
func (o *operator) inviteUser(r *http.Request) (any, error) {
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	if u, err = o.run.Portal.Accounts().Invite(r.Context(), o.by(), u.ID); err != nil {
		return nil, err
	}
	return o.view(r.Context(), &u)
}
