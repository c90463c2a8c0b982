package selfservice

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

const ticketReset = "reset" // purpose of the link

// requireReset returns a problem if passwords cannot be reset here.
func (s *resets) requireReset(c *web.Call) error {
	if !s.signin.Mails() || s.accounts.Passwords() == nil {
		return problem.NoMail
	}
	return s.signin.MustHTTPS(c)
}

// forgotPassword queues a message to an address, whether or not an account has it.
func (s *resets) forgotPassword(c *web.Call, f map[string]string) error {
	if err := s.requireReset(c); err != nil {
		return err
	}
	return s.signin.RequestMail(c, message.Reset, f["email"], message.Payload{To: f["to"], Flow: f["flow"]})
}

// resetPassword sets a new password with the link of a message. It does not sign in, so that a second factor is still
// required. All sessions end and all device cookies become invalid.
func (s *resets) resetPassword(c *web.Call, token, password string) (signin.MailTicket, error) {
	if err := s.requireReset(c); err != nil {
		return signin.MailTicket{}, err
	}
	// The token cannot be guessed; this limits the password hashing that an anonymous client can cause.
	g, err := s.signin.Guess(c, "")
	if err != nil {
		return signin.MailTicket{}, err
	}
	u, t, err := s.tryReset(c, token, password)
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		c.Emit(audit.Event{Kind: audit.EventPasswordChange, Result: audit.ResultRefused, Reason: p.Code,
			UserID: u.ID, Username: u.Username})
		return t, err
	case err != nil:
		g.GiveBack()
		return t, fmt.Errorf("resetting a password: %w", err)
	}
	g.GiveBack()
	c.Emit(audit.Event{Kind: audit.EventPasswordChange, Result: audit.ResultOK, Reason: "reset by mail",
		UserID: u.ID, Username: u.Username})
	s.signin.PasswordChanged(c, &u)
	return t, nil
}

// tryReset validates the password before it spends the link, so that a typing error does not spend it. It checks the
// account again afterwards.
func (s *resets) tryReset(c *web.Call, token, password string) (u store.User, t signin.MailTicket, err error) {
	l, _, ok := s.signin.Links().Read(ticketReset, token)
	if !ok {
		return u, t, problem.InvalidLink
	}
	if u, err = s.signin.LinkOwner(c.Ctx(), l.Subject, l.Email); err != nil {
		return store.User{}, t, err
	}
	if password == "" {
		return u, t, accounts.Problem(&method.UnacceptableError{Reason: "too_short"})
	}
	made, err := s.accounts.Passwords().MakePassword(c.Ctx(), &u, password)
	if err != nil {
		return u, t, accounts.Problem(err)
	}
	if t, err = s.signin.TakeMailLink(c.Ctx(), ticketReset, token); err != nil {
		return u, t, err
	}
	if u, err = s.signin.LinkOwner(c.Ctx(), t.User, t.Email); err != nil {
		return u, t, err
	}
	// The link is spent: finish even if the client disconnects.
	ctx := context.WithoutCancel(c.Ctx())
	version, err := s.signin.PasswordVersion(ctx, u.ID)
	if err != nil {
		return u, t, err
	}
	if version != t.Password || !u.Enabled {
		return u, t, problem.InvalidLink // the password was changed after the message was composed
	}
	if !u.Confirmed {
		if u, err = s.signin.ProveMailbox(c, u); err != nil {
			return u, t, err
		}
		version = 0
	}
	made.Version = version
	_, err = s.accounts.ReplacePassword(ctx, made, "", false)
	if errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrNotFound) {
		return u, t, problem.InvalidLink // a concurrent change won
	}
	return u, t, err
}

// forgotAPI handles POST password/forgot. It responds with 202 whether or not an account has the address.
func (s *resets) forgotAPI(c *web.Call) error {
	f, err := c.JSONFields("email", "to", "flow")
	if err != nil {
		return err
	}
	if err := s.forgotPassword(c, f); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, map[string]string{"status": web.StatusSent})
}

// resetAPI handles POST password/reset.
func (s *resets) resetAPI(c *web.Call) error {
	f, err := c.JSONFields("token", "password")
	if err != nil {
		return err
	}
	if _, err := s.resetPassword(c, f["token"], f["password"]); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]string{"status": "changed"})
}

func (s *resets) forgotPage(c *web.Call) error {
	if err := s.requireReset(c); err != nil {
		return err
	}
	q := c.Request.URL.Query()
	return s.showForgot(c, http.StatusOK, map[string]string{"to": q.Get("to"), "flow": q.Get("flow")}, false, nil)
}

func (s *resets) forgotForm(c *web.Call) error {
	f, err := c.FormFields("email", "to", "flow")
	if err == nil {
		err = s.forgotPassword(c, f)
	}
	if p := c.ShownOnPage(err); p != nil {
		return s.showForgot(c, p.Status, f, false, p)
	}
	if err != nil {
		return err
	}
	return s.showForgot(c, http.StatusOK, f, true, nil)
}

func (s *resets) showForgot(c *web.Call, status int, f map[string]string, done bool, shown *problem.Problem) error {
	p := pages.Page{
		Name:   pages.Forgot,
		Values: map[string]string{"email": problem.Bounded(f["email"], 300)},
		Data: pages.ForgotData{To: f["to"], Flow: f["flow"], Done: done,
			LoginURL: c.Link("/login") + signin.Query(signin.LoginInput{To: f["to"], Flow: f["flow"]})},
	}
	if shown != nil {
		web.ShowProblem(&p, shown)
	}
	return c.Page(status, p)
}

// resetPage shows the form. It does not spend the link: a mail scanner may have sent the GET.
func (s *resets) resetPage(c *web.Call) error {
	if err := s.requireReset(c); err != nil {
		return err
	}
	return s.showReset(c, http.StatusOK, c.Request.URL.Query().Get("token"), nil)
}

func (s *resets) resetForm(c *web.Call) error {
	f, err := c.FormFields("token", "password", "login") // "login" is there for password managers
	if err != nil {
		return err
	}
	t, err := s.resetPassword(c, f["token"], f["password"])
	switch p := c.ShownOnPage(err); {
	case p != nil && p.Code == problem.InvalidLink.Code:
		return s.showReset(c, p.Status, "", nil)
	case p != nil:
		return s.showReset(c, p.Status, f["token"], p)
	case err != nil:
		return err
	}
	return c.Page(http.StatusOK, pages.Page{Name: pages.Reset, Data: pages.ResetData{Done: true, Account: t.Email,
		LoginURL: c.Link("/login") + signin.Query(signin.LoginInput{To: t.To, Flow: t.Flow})}})
}

func (s *resets) showReset(c *web.Call, status int, token string, shown *problem.Problem) error {
	data := pages.ResetData{LoginURL: c.Link("/login"), ForgotURL: c.Link("/forgot")}
	data.MinLength = s.accounts.Passwords().MinLength()
	l, _, ok := s.signin.Links().Read(ticketReset, token)
	if data.Expired = !ok; ok {
		data.Token, data.Account = token, l.Email
	} else {
		status = http.StatusBadRequest
	}
	p := pages.Page{Name: pages.Reset, Data: data}
	if shown != nil {
		web.ShowProblem(&p, shown)
	}
	return c.Page(status, p)
}
