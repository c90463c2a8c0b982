package authportal

import (
	"errors"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

func (p *Portal) ticketRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/ticket", secret: true, do: (*call).ticketPage},
		{method: http.MethodPost, path: "/ticket", secret: true, do: (*call).ticketForm},
		{method: http.MethodPost, path: "/api/v1/login/ticket", do: (*call).ticketAPI},
	}
}

// useTicket signs in by a ticket, or asks for what is still missing.
func (c *call) useTicket(token string) (*outcome, error) {
	if err := c.mustHTTPS(); err != nil {
		return nil, err
	}
	g, err := c.guess("")
	if err != nil {
		return nil, err
	}
	out, err := c.tryTicket(token)
	if err == nil || weFailed(err) {
		g.giveBack()
	}
	return out, err
}

func (c *call) tryTicket(token string) (*outcome, error) {
	u, ref, err := c.p.readTicket(c.ctx(), token)
	if errors.Is(err, problem.InvalidLink) {
		c.emit(Event{Kind: EventTicketUse, Result: ResultRefused, Reason: problem.InvalidLink.Code,
			UserID: u.ID, Method: ticketProof})
	}
	if err != nil {
		return nil, err
	}
	proven := method.Proven{User: u, Kind: ref.Kind, ID: ref.ID, Version: ref.Version}
	out, err := c.advance(try{}, &method.Configured{Name: ticketProof}, &pending{}, c.intent("", ""), proven)
	if errors.Is(err, errMoved) {
		return nil, problem.InvalidLink // another was faster
	}
	return out, err
}

// ticketAPI answers POST login/ticket.
func (c *call) ticketAPI() error {
	f, err := c.jsonFields("token")
	if err != nil {
		return err
	}
	out, err := c.useTicket(f["token"])
	if err != nil {
		return err
	}
	return c.signedIn(http.StatusOK, out)
}

// ticketPage names the account and asks for a click. It takes nothing: a GET may be that of a scanner, or of a
// messenger that shows what is behind a link.
func (c *call) ticketPage() error {
	if err := c.mustHTTPS(); err != nil {
		return err
	}
	return c.showTicket(http.StatusOK, c.r.URL.Query().Get("token"), nil)
}

func (c *call) ticketForm() error {
	f, err := c.formFields("token")
	if err != nil {
		return err
	}
	out, err := c.useTicket(f["token"])
	switch p := c.shownOnPage(err); {
	case p != nil && p.Code == problem.InvalidLink.Code:
		return c.showTicket(p.Status, "", nil)
	case p != nil:
		return c.showTicket(p.Status, f["token"], p)
	case err != nil:
		return err
	case out.Step != nil:
		return c.showLogin(http.StatusOK, try{}, c.intent("", ""), nil, out)
	}
	return c.redirect(out.Location)
}

func (c *call) showTicket(status int, token string, shown *problem.Problem) error {
	data := pages.TicketData{LoginURL: c.link("/login")}
	u, _, err := c.p.readTicket(c.ctx(), token)
	switch {
	case errors.Is(err, problem.InvalidLink):
		data.Expired, status = true, http.StatusBadRequest
	case err != nil:
		return err
	default:
		live, err := c.session()
		if err != nil {
			return err
		}
		if live != nil {
			data.SignedIn = live.Identity.Username
		}
		data.Token, data.User = token, pages.User{ID: u.ID, Username: u.Username, Email: u.Email, Name: u.Name}
	}
	p := pages.Page{Name: pages.Ticket, Data: data}
	if shown != nil {
		p.Problem = message(shown)
	}
	return c.page(status, p)
}
