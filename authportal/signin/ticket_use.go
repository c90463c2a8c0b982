package signin

import (
	"errors"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

func (s *links) ticketRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/ticket", Secret: true, Do: s.ticketPage},
		{Method: http.MethodPost, Path: "/ticket", Secret: true, Do: s.ticketForm},
		{Method: http.MethodPost, Path: "/api/v1/login/ticket", Do: s.ticketAPI},
	}
}

// useTicket signs in by a ticket, or returns the next step.
func (s *links) useTicket(c *web.Call, token string) (*LoginResult, error) {
	if err := s.guard.MustHTTPS(c); err != nil {
		return nil, err
	}
	g, err := s.guard.Guess(c, "")
	if err != nil {
		return nil, err
	}
	result, err := s.tryTicket(c, token)
	if err == nil || problem.IsFault(err) {
		g.GiveBack()
	}
	return result, err
}

func (s *links) tryTicket(c *web.Call, token string) (*LoginResult, error) {
	u, ref, err := s.finisher.readTicket(c.Ctx(), token)
	if errors.Is(err, problem.InvalidLink) {
		c.Emit(audit.Event{Kind: audit.EventTicketUse, Result: audit.ResultRefused, Reason: problem.InvalidLink.Code,
			UserID: u.ID, Method: TicketProof})
	}
	if err != nil {
		return nil, err
	}
	proven := method.Proven{User: u, Kind: ref.Kind, ID: ref.ID, Version: ref.Version}
	result, err := s.dispatcher.advance(c, LoginInput{}, &method.Configured{Name: TicketProof}, &pending{},
		s.flows.ParseLoginRequest(c, "", ""), proven)
	if errors.Is(err, ErrCredentialChanged) {
		return nil, problem.InvalidLink // another request used it first
	}
	return result, err
}

// ticketAPI answers POST login/ticket.
func (s *links) ticketAPI(c *web.Call) error {
	fields, err := c.JSONFields("token")
	if err != nil {
		return err
	}
	result, err := s.useTicket(c, fields["token"])
	if err != nil {
		return err
	}
	return s.forms.SignedIn(c, http.StatusOK, result)
}

// ticketPage names the account and shows a button. A GET uses nothing up: it may come from a mail scanner or the link
// preview of a messenger.
func (s *links) ticketPage(c *web.Call) error {
	if err := s.guard.MustHTTPS(c); err != nil {
		return err
	}
	return s.showTicket(c, http.StatusOK, c.Request.URL.Query().Get("token"), nil)
}

func (s *links) ticketForm(c *web.Call) error {
	fields, err := c.FormFields("token")
	if err != nil {
		return err
	}
	result, err := s.useTicket(c, fields["token"])
	switch p := c.ShownOnPage(err); {
	case p != nil && p.Code == problem.InvalidLink.Code:
		return s.showTicket(c, p.Status, "", nil)
	case p != nil:
		return s.showTicket(c, p.Status, fields["token"], p)
	case err != nil:
		return err
	case result.Step != nil:
		return s.forms.showLogin(c, http.StatusOK, LoginInput{}, s.flows.ParseLoginRequest(c, "", ""), nil, result)
	}
	return c.Redirect(result.Location)
}

func (s *links) showTicket(c *web.Call, status int, token string, shown *problem.Problem) error {
	data := pages.TicketData{LoginURL: c.Link("/login")}
	u, _, err := s.finisher.readTicket(c.Ctx(), token)
	switch {
	case errors.Is(err, problem.InvalidLink):
		data.Expired, status = true, http.StatusBadRequest
	case err != nil:
		return err
	default:
		active, err := s.callers.session(c)
		if err != nil {
			return err
		}
		if active != nil {
			data.SignedIn = active.Identity.Username
		}
		data.Token, data.User = token, pages.User{ID: u.ID, Username: u.Username, Email: u.Email, Name: u.Name}
	}
	p := pages.Page{Name: pages.Ticket, Data: data}
	if shown != nil {
		p.Problem = web.Message(shown)
	}
	return c.Page(status, p)
}
