package selfservice

import (
	"errors"
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

const ticketConfirm = "confirm"

// confirmed says how a confirmation ended.
const (
	statusConfirmed = "confirmed"
)

// confirmEmail uses up the link of a sign-up. It keeps the password that was set with it, because whoever clicks says
// that it was they who signed up, and signs in only the browser that did: a link that was sent to somebody else's
// mailbox opens nothing for whoever made that happen, and one that was forwarded nothing for the recipient.
func (s *signups) confirmEmail(c *web.Call, token string) (out *signin.LoginResult, status string, err error) {
	if !s.signin.Mails() {
		return nil, "", problem.NoMail
	}
	if err := s.signin.MustHTTPS(c); err != nil {
		return nil, "", err
	}
	g, err := s.signin.Guess(c, "")
	if err != nil {
		return nil, "", err
	}
	u, t, err := s.useConfirm(c, token)
	var p *problem.Problem
	if errors.As(err, &p) {
		c.Emit(audit.Event{Kind: audit.EventEmailConfirm, Result: audit.ResultRefused, Reason: p.Code,
			UserID: u.ID, Username: u.Username})
		return nil, "", err
	}
	g.GiveBack()
	if err != nil {
		return nil, "", err
	}
	c.Emit(audit.Event{Kind: audit.EventEmailConfirm, Result: audit.ResultOK, UserID: u.ID, Username: u.Username})
	mine := s.signedUp(c, u.ID)
	if mine {
		c.SetCookie(cookieSignUp, "", -1)
	}
	switch {
	case !u.Approved:
		return nil, problem.Unapproved.Code, s.signin.EnqueueMail(c, message.Waiting, u.Email, message.Payload{User: u.ID})
	case !u.Enabled || !mine:
		return nil, statusConfirmed, nil
	}
	version, err := s.signin.PasswordVersion(c.Ctx(), u.ID)
	if err != nil {
		return nil, "", err
	}
	proven := method.Proven{User: u}
	if version > 0 {
		proven = method.Proven{User: u, Kind: store.KindPassword, ID: u.ID, Version: version}
	}
	out, err = s.signin.Finish(c, proven, s.rules.passwordMethod(), s.signin.ParseLoginRequest(c, t.To, t.Flow), false)
	if errors.As(err, &p) {
		return nil, statusConfirmed, nil // what else is missing is asked for at sign-in
	}
	return out, "", err
}

// useConfirm takes the ticket first, so that of many clicks one counts, and then holds it against the account.
func (s *signups) useConfirm(c *web.Call, token string) (u store.User, t signin.MailTicket, err error) {
	if t, err = s.signin.TakeMailLink(c.Ctx(), ticketConfirm, token); err != nil {
		return u, t, err
	}
	if u, err = s.signin.LinkOwner(c.Ctx(), t.User, t.Email); err != nil {
		return u, t, err
	}
	after, err := s.accounts.Confirm(c.Ctx(), u.ID, t.Email)
	if err != nil {
		return u, t, accounts.Problem(err)
	}
	return after, t, nil
}

// confirmAPI answers POST email/confirm, of a sign-up and of a change of address.
func (s *signups) confirmAPI(c *web.Call) error {
	f, err := c.JSONFields("token")
	if err != nil {
		return err
	}
	if _, _, change := s.signin.Links().Read(store.KindEmailChange, f["token"]); change {
		if _, err := s.emails.changeEmail(c, f["token"]); err != nil {
			return err
		}
		return c.JSON(http.StatusOK, map[string]string{"status": "changed"})
	}
	out, status, err := s.confirmEmail(c, f["token"])
	switch {
	case err != nil:
		return err
	case status != "":
		return c.JSON(http.StatusOK, map[string]string{"status": status})
	}
	return s.signin.SignedIn(c, http.StatusOK, out)
}

// confirmPage names the account and asks for a click. It takes nothing: a GET may be a scanner's.
func (s *signups) confirmPage(c *web.Call) error {
	if !s.signin.Mails() {
		return problem.NoMail
	}
	if err := s.signin.MustHTTPS(c); err != nil {
		return err
	}
	return s.showConfirm(c, http.StatusOK, c.Request.URL.Query().Get("token"), "", nil, nil)
}

func (s *signups) confirmForm(c *web.Call) error {
	f, err := c.FormFields("token")
	if err != nil {
		return err
	}
	out, status, err := s.confirmEmail(c, f["token"])
	switch p := web.ToldProblem(err); {
	case p != nil && p.Code == problem.InvalidLink.Code:
		return s.showConfirm(c, p.Status, "used", "", nil, nil)
	case p != nil && p.Code == problem.CodeTooMany:
		web.SetRetry(c.Writer, p)
		return s.showConfirm(c, p.Status, f["token"], "", nil, p)
	case err != nil:
		return err
	case status != "":
		return s.showConfirm(c, http.StatusOK, "", status, nil, nil)
	}
	return c.Redirect(out.Location)
}

// resendAPI answers POST email/resend: 202, whoever has the address.
func (s *signups) resendAPI(c *web.Call) error {
	f, err := c.JSONFields("email")
	if err != nil {
		return err
	}
	if err := s.signin.RequestMail(c, message.Confirm, f["email"], message.Payload{}); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, map[string]string{"status": web.StatusSent})
}

func (s *signups) resendForm(c *web.Call) error {
	f, err := c.FormFields("email")
	if err == nil {
		err = s.signin.RequestMail(c, message.Confirm, f["email"], message.Payload{})
	}
	if p := c.ShownOnPage(err); p != nil {
		return s.showConfirm(c, p.Status, "", "", f, p)
	}
	if err != nil {
		return err
	}
	return s.showConfirm(c, http.StatusOK, "", web.StatusSent, nil, nil)
}

func (s *signups) showConfirm(c *web.Call, status int, token, done string, f map[string]string, shown *problem.Problem) error {
	data := pages.ConfirmData{Done: done, LoginURL: c.Link("/login")}
	if token != "" {
		l, _, ok := s.signin.Links().Read(ticketConfirm, token)
		if data.Expired = !ok; ok {
			data.Token, data.Account = token, l.Email
		} else {
			status = http.StatusBadRequest
		}
	}
	p := pages.Page{Name: pages.Confirm, LeavesSite: true, Values: map[string]string{}, Data: data}
	if f["email"] != "" {
		p.Values["email"] = problem.Bounded(f["email"], 300)
	}
	if shown != nil {
		web.ShowProblem(&p, shown)
	}
	return c.Page(status, p)
}
