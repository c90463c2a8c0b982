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

const (
	ticketConfirm   = "confirm"   // purpose of the link
	statusConfirmed = "confirmed" // result of a confirmation that does not sign in
)

// confirmEmail spends the link of a sign-up. The account keeps the password that was chosen at sign-up, because the
// page asks the owner of the mailbox to confirm that they signed up. Only the browser that signed up is signed in: if
// an attacker signs up with another person's address, the confirmation gives the attacker no session, and a forwarded
// link gives its recipient none.
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
	mine := s.signedUpHere(c, u.ID)
	if mine {
		c.SetCookie(cookieSignUp, "", -1)
	}
	switch {
	case !u.Approved:
		err := s.signin.EnqueueMail(c, message.Waiting, u.Email, message.Payload{User: u.ID})
		return nil, problem.Unapproved.Code, err
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
		return nil, statusConfirmed, nil // sign-in will ask for what else is missing
	}
	return out, "", err
}

// useConfirm takes the ticket first, so that of concurrent clicks only one succeeds, and then checks the account.
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

// confirmAPI handles POST email/confirm, for a sign-up and for a change of address.
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

// confirmPage shows the account and a button. It does not spend the link: a mail scanner may have sent the GET.
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

// resendAPI handles POST email/resend. It responds with 202 whether or not an account has the address.
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

func (s *signups) showConfirm(c *web.Call, status int, token, done string, f map[string]string,
	shown *problem.Problem) error {
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
