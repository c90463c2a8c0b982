package authportal

import (
	"errors"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

const ticketConfirm = "confirm"

// confirmed says how a confirmation ended.
const (
	statusConfirmed = "confirmed"
	statusSent      = "sent"
)

// confirmEmail uses up the link of a sign-up. It keeps the password that was set with it, because whoever clicks says
// that it was they who signed up, and signs in only the browser that did: a link that was sent to somebody else's
// mailbox opens nothing for whoever made that happen, and one that was forwarded nothing for the recipient.
func (c *call) confirmEmail(token string) (out *outcome, status string, err error) {
	if !c.p.mails() {
		return nil, "", problem.NoMail
	}
	if err := c.mustHTTPS(); err != nil {
		return nil, "", err
	}
	g, err := c.guess("")
	if err != nil {
		return nil, "", err
	}
	u, t, err := c.useConfirm(token)
	var p *problem.Problem
	if errors.As(err, &p) {
		c.emit(Event{Kind: EventEmailConfirm, Result: ResultRefused, Reason: p.Code,
			UserID: u.ID, Username: u.Username})
		return nil, "", err
	}
	g.giveBack()
	if err != nil {
		return nil, "", err
	}
	c.emit(Event{Kind: EventEmailConfirm, Result: ResultOK, UserID: u.ID, Username: u.Username})
	mine := c.signedUp(u.ID)
	if mine {
		c.setCookie(cookieSignUp, "", -1)
	}
	switch {
	case !u.Approved:
		return nil, problem.Unapproved.Code, c.enqueueMail(mailWaiting, u.Email, mailPayload{User: u.ID})
	case !u.Enabled || !mine:
		return nil, statusConfirmed, nil
	}
	version, err := c.p.passwordVersion(c.ctx(), u.ID)
	if err != nil {
		return nil, "", err
	}
	proven := method.Proven{User: u}
	if version > 0 {
		proven = method.Proven{User: u, Kind: store.KindPassword, ID: u.ID, Version: version}
	}
	out, err = c.finish(proven, c.p.passwordMethod(), c.intent(t.To, t.Flow), false)
	if errors.As(err, &p) {
		return nil, statusConfirmed, nil // what else is missing is asked for at sign-in
	}
	return out, "", err
}

// useConfirm takes the ticket first, so that of many clicks one counts, and then holds it against the account.
func (c *call) useConfirm(token string) (u store.User, t mailTicket, err error) {
	if t, err = c.p.takeMailLink(c.ctx(), ticketConfirm, token); err != nil {
		return u, t, err
	}
	if u, err = c.p.linkOwner(c.ctx(), t.User, t.Email); err != nil {
		return u, t, err
	}
	after, err := c.p.accounts.confirm(c.ctx(), u.ID, t.Email)
	if err != nil {
		return u, t, accountProblem(err)
	}
	return after, t, nil
}

// proveMailbox is that of Accounts, and what follows from it.
func (c *call) proveMailbox(u store.User) (store.User, error) {
	after, err := c.p.accounts.proveMailbox(c.ctx(), u)
	if err != nil || u.Confirmed {
		return after, accountProblem(err)
	}
	c.emit(Event{Kind: EventEmailConfirm, Result: ResultOK, Reason: "set before: voided",
		UserID: u.ID, Username: after.Username})
	if !after.Approved {
		err = c.enqueueMail(mailWaiting, after.Email, mailPayload{User: after.ID})
	}
	return after, err
}

// confirmAPI answers POST email/confirm, of a sign-up and of a change of address.
func (c *call) confirmAPI() error {
	f, err := c.jsonFields("token")
	if err != nil {
		return err
	}
	if _, _, change := c.p.links().Read(store.KindEmailChange, f["token"]); change {
		if _, err := c.changeEmail(f["token"]); err != nil {
			return err
		}
		return c.json(http.StatusOK, map[string]string{"status": "changed"})
	}
	out, status, err := c.confirmEmail(f["token"])
	switch {
	case err != nil:
		return err
	case status != "":
		return c.json(http.StatusOK, map[string]string{"status": status})
	}
	return c.signedIn(http.StatusOK, out)
}

// confirmPage names the account and asks for a click. It takes nothing: a GET may be a scanner's.
func (c *call) confirmPage() error {
	if !c.p.mails() {
		return problem.NoMail
	}
	if err := c.mustHTTPS(); err != nil {
		return err
	}
	return c.showConfirm(http.StatusOK, c.r.URL.Query().Get("token"), "", nil, nil)
}

func (c *call) confirmForm() error {
	f, err := c.formFields("token")
	if err != nil {
		return err
	}
	out, status, err := c.confirmEmail(f["token"])
	switch p := toldProblem(err); {
	case p != nil && p.Code == problem.InvalidLink.Code:
		return c.showConfirm(p.Status, "used", "", nil, nil)
	case p != nil && p.Code == problem.CodeTooMany:
		setRetry(c.w, p)
		return c.showConfirm(p.Status, f["token"], "", nil, p)
	case err != nil:
		return err
	case status != "":
		return c.showConfirm(http.StatusOK, "", status, nil, nil)
	}
	return c.redirect(out.Location)
}

// resendAPI answers POST email/resend: 202, whoever has the address.
func (c *call) resendAPI() error {
	f, err := c.jsonFields("email")
	if err != nil {
		return err
	}
	if err := c.requestMail(mailConfirm, f["email"], mailPayload{}); err != nil {
		return err
	}
	return c.json(http.StatusAccepted, map[string]string{"status": statusSent})
}

func (c *call) resendForm() error {
	f, err := c.formFields("email")
	if err == nil {
		err = c.requestMail(mailConfirm, f["email"], mailPayload{})
	}
	if p := c.shownOnPage(err); p != nil {
		return c.showConfirm(p.Status, "", "", f, p)
	}
	if err != nil {
		return err
	}
	return c.showConfirm(http.StatusOK, "", statusSent, nil, nil)
}

func (c *call) showConfirm(status int, token, done string, f map[string]string, shown *problem.Problem) error {
	data := pages.ConfirmData{Done: done, LoginURL: c.link("/login")}
	if token != "" {
		l, _, ok := c.p.links().Read(ticketConfirm, token)
		if data.Expired = !ok; ok {
			data.Token, data.Account = token, l.Email
		} else {
			status = http.StatusBadRequest
		}
	}
	p := pages.Page{Name: pages.Confirm, LeavesSite: true, Values: map[string]string{}, Data: data}
	if f["email"] != "" {
		p.Values["email"] = bounded(f["email"], 300)
	}
	if shown != nil {
		showProblem(&p, shown)
	}
	return c.page(status, p)
}
