package authportal

import (
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// askEmail asks for another address of the caller's own account. Nothing changes before the new address has said yes,
// and the present one is told at once. Whether somebody has the address already is found out where the message is
// written.
func (c *call) askEmail(typed string) error {
	if !c.p.mails() {
		return problem.NoMail
	}
	live, err := c.mustFresh()
	if err != nil {
		return err
	}
	_, u, err := c.mustUser()
	if err != nil {
		return err
	}
	if err := c.mustHTTPS(); err != nil {
		return err
	}
	e := Event{Kind: EventEmailAsk, Result: ResultOK, UserID: u.ID, Username: u.Username, Session: live.Session.RootID()}
	err = c.tryAskEmail(&u, typed)
	var p *problem.Problem
	if errors.As(err, &p) {
		e.Result, e.Reason = ResultRefused, p.Code
	} else if err != nil {
		return fmt.Errorf("asking for another address: %w", err)
	}
	c.emit(e)
	return err
}

func (c *call) tryAskEmail(u *store.User, typed string) error {
	to, err := NormalizeEmail(typed)
	switch {
	case err != nil:
		return accountProblem(err)
	case to == u.Email:
		return problem.InvalidField("email", "is the address of the account already")
	case !c.p.domainAllowed(to):
		return problem.InvalidField("email", "is not of a domain that may sign up")
	}
	g := &guess{c: c, p: c.p}
	if err := g.count("letters", addressBlock(c.v.Addr), c.p.set.Address); err != nil {
		return err
	}
	// By account too: each ask is a message to the present address, which no count of its own must silence.
	if err := g.count("email", u.ID, c.p.set.Account); err != nil {
		return err
	}
	version, err := c.p.passwordVersion(c.ctx(), u.ID)
	if err != nil {
		return err
	}
	m := emailMove{Old: u.Email, New: to, Password: version, Asked: c.p.now()}
	id, err := c.p.accounts.askEmailMove(c.ctx(), u.ID, m, emailChangeLife)
	if err != nil {
		return err
	}
	// Where nobody has shown that the present address is theirs, it may be a stranger's.
	if u.Confirmed {
		if err := c.enqueueMail(mailEmailAsked, u.Email, mailPayload{User: u.ID, Who: to}); err != nil {
			return err
		}
	}
	if room, err := c.mailAllowed(to); err != nil || !room {
		return err
	}
	return c.enqueueMail(mailEmailChange, to, mailPayload{User: u.ID, Who: u.Email, ID: id})
}

// askEmailForm is the form's face of askEmail; the API's is PATCH account.
func (c *call) askEmailForm() error {
	f, err := c.formFields("email")
	if err == nil {
		err = c.askEmail(f["email"])
	}
	if err != nil {
		return c.accountFailed(err, f)
	}
	return c.accountDone("email")
}
