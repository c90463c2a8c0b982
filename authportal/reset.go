package authportal

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

const ticketReset = "reset"

// mayReset hides resetting where it cannot work.
func (c *call) mayReset() error {
	if !c.p.mails() || c.p.accounts.Passwords() == nil {
		return problem.NoMail
	}
	return c.mustHTTPS()
}

// forgotPassword queues a message to the address, whoever has it.
func (c *call) forgotPassword(f map[string]string) error {
	if err := c.mayReset(); err != nil {
		return err
	}
	return c.requestMail(mailReset, f["email"], mailPayload{To: f["to"], Flow: f["flow"]})
}

// resetPassword sets a new password by the link of a message. Nobody is signed in by it: whoever reads the mail still
// has to show a second factor, where there is one, and every sign-in and known browser from before ends.
func (c *call) resetPassword(token, password string) (mailTicket, error) {
	if err := c.mayReset(); err != nil {
		return mailTicket{}, err
	}
	// The token cannot be guessed; what is bounded here is how much hashing a stranger can ask for.
	g, err := c.guess("")
	if err != nil {
		return mailTicket{}, err
	}
	u, t, err := c.tryReset(token, password)
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		c.emit(Event{Kind: EventPasswordChange, Result: ResultRefused, Reason: p.Code,
			UserID: u.ID, Username: u.Username})
		return t, err
	case err != nil:
		g.giveBack()
		return t, fmt.Errorf("resetting a password: %w", err)
	}
	g.giveBack()
	c.emit(Event{Kind: EventPasswordChange, Result: ResultOK, Reason: "reset by mail",
		UserID: u.ID, Username: u.Username})
	c.passwordChanged(&u)
	return t, nil
}

// tryReset checks the password before it takes the link, which a typing error does not use up; everything else is held
// against the account once the link is gone.
func (c *call) tryReset(token, password string) (u store.User, t mailTicket, err error) {
	l, _, ok := c.p.links().Read(ticketReset, token)
	if !ok {
		return u, t, problem.InvalidLink
	}
	if u, err = c.p.linkOwner(c.ctx(), l.Subject, l.Email); err != nil {
		return store.User{}, t, err
	}
	if password == "" {
		return u, t, accountProblem(&method.UnacceptableError{Reason: "too_short"})
	}
	made, err := c.p.accounts.Passwords().MakePassword(c.ctx(), &u, password)
	if err != nil {
		return u, t, accountProblem(err)
	}
	if t, err = c.p.takeMailLink(c.ctx(), ticketReset, token); err != nil {
		return u, t, err
	}
	if u, err = c.p.linkOwner(c.ctx(), t.User, t.Email); err != nil {
		return u, t, err
	}
	// Nobody hangs up between the link and the password.
	ctx := context.WithoutCancel(c.ctx())
	version, err := c.p.passwordVersion(ctx, u.ID)
	if err != nil {
		return u, t, err
	}
	if version != t.Password || !u.Enabled {
		return u, t, problem.InvalidLink // the password was changed since the message was written
	}
	if !u.Confirmed {
		if u, err = c.proveMailbox(u); err != nil {
			return u, t, err
		}
		version = 0
	}
	made.Version = version
	_, err = c.p.accounts.replacePassword(ctx, made, "", false)
	if errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrNotFound) {
		return u, t, problem.InvalidLink // changed by others at this very moment
	}
	return u, t, err
}

// passwordChanged tells the owner by mail. The change stands, whether it can be told or not.
func (c *call) passwordChanged(u *store.User) {
	if !c.p.mails() || !u.Confirmed {
		return
	}
	if err := c.enqueueMail(mailPassword, u.Email, mailPayload{User: u.ID}); err != nil {
		c.p.log.WarnContext(c.ctx(), "the owner could not be told of a new password", "user_id", u.ID, "error", err)
	}
}

// forgotAPI answers POST password/forgot: 202, whoever has the address.
func (c *call) forgotAPI() error {
	f, err := c.jsonFields("email", "to", "flow")
	if err != nil {
		return err
	}
	if err := c.forgotPassword(f); err != nil {
		return err
	}
	return c.json(http.StatusAccepted, map[string]string{"status": statusSent})
}

// resetAPI answers POST password/reset.
func (c *call) resetAPI() error {
	f, err := c.jsonFields("token", "password")
	if err != nil {
		return err
	}
	if _, err := c.resetPassword(f["token"], f["password"]); err != nil {
		return err
	}
	return c.json(http.StatusOK, map[string]string{"status": "changed"})
}

func (c *call) forgotPage() error {
	if err := c.mayReset(); err != nil {
		return err
	}
	q := c.r.URL.Query()
	return c.showForgot(http.StatusOK, map[string]string{"to": q.Get("to"), "flow": q.Get("flow")}, false, nil)
}

func (c *call) forgotForm() error {
	f, err := c.formFields("email", "to", "flow")
	if err == nil {
		err = c.forgotPassword(f)
	}
	if p := c.shownOnPage(err); p != nil {
		return c.showForgot(p.Status, f, false, p)
	}
	if err != nil {
		return err
	}
	return c.showForgot(http.StatusOK, f, true, nil)
}

func (c *call) showForgot(status int, f map[string]string, done bool, shown *problem.Problem) error {
	p := pages.Page{Name: pages.Forgot, Values: map[string]string{"email": bounded(f["email"], 300)}, Data: pages.ForgotData{
		To: f["to"], Flow: f["flow"], Done: done, LoginURL: c.link("/login") + query(try{To: f["to"], Flow: f["flow"]})}}
	if shown != nil {
		showProblem(&p, shown)
	}
	return c.page(status, p)
}

// resetPage shows the form. It takes nothing: a GET may be a scanner's.
func (c *call) resetPage() error {
	if err := c.mayReset(); err != nil {
		return err
	}
	return c.showReset(http.StatusOK, c.r.URL.Query().Get("token"), nil)
}

func (c *call) resetForm() error {
	f, err := c.formFields("token", "password", "login") // the name is there for browsers that keep passwords
	if err != nil {
		return err
	}
	t, err := c.resetPassword(f["token"], f["password"])
	switch p := c.shownOnPage(err); {
	case p != nil && p.Code == problem.InvalidLink.Code:
		return c.showReset(p.Status, "", nil)
	case p != nil:
		return c.showReset(p.Status, f["token"], p)
	case err != nil:
		return err
	}
	return c.page(http.StatusOK, pages.Page{Name: pages.Reset, Data: pages.ResetData{Done: true, Account: t.Email,
		LoginURL: c.link("/login") + query(try{To: t.To, Flow: t.Flow})}})
}

func (c *call) showReset(status int, token string, shown *problem.Problem) error {
	data := pages.ResetData{LoginURL: c.link("/login"), ForgotURL: c.link("/forgot")}
	data.MinLength = c.p.accounts.Passwords().MinLength()
	l, _, ok := c.p.links().Read(ticketReset, token)
	if data.Expired = !ok; ok {
		data.Token, data.Account = token, l.Email
	} else {
		status = http.StatusBadRequest
	}
	p := pages.Page{Name: pages.Reset, Data: data}
	if shown != nil {
		showProblem(&p, shown)
	}
	return c.page(status, p)
}
