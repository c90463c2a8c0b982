package authportal

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// changePassword sets a new password for whoever knows the present one: an open browser alone is not enough. The guess
// is counted like one at the login form. Every other sign-in of the person ends, and this one gets a new secret.
func (c *call) changePassword(current, next string) error {
	live, u, err := c.mustUser()
	if err != nil {
		return err
	}
	pw := c.p.accounts.Passwords()
	if pw == nil {
		return problem.NotFound
	}
	if err := c.mustHTTPS(); err != nil {
		return err
	}
	g, err := c.guess(u.ID)
	if err != nil {
		return err
	}
	e := Event{Kind: EventPasswordChange, Result: ResultOK, UserID: u.ID, Username: u.Username, Session: live.Session.RootID()}
	switch err := c.swapPassword(pw, &u, live.Session.RootID(), current, next); {
	case errors.Is(err, problem.InvalidCredentials):
		e.Result, e.Reason = ResultRefused, "wrong password"
		c.emit(e)
		return err
	case err != nil:
		g.giveBack() // the password was right, or we failed
		return accountProblem(err)
	}
	g.giveBack()
	c.emit(e)
	c.passwordChanged(&u)
	c.keepDeviceCookie(&u) // the change took every mark back, and this browser knows the new password
	// Law: a new secret at every proof. Whoever copied this browser's cookie is out as well.
	err = c.renew(store.Proof{Method: c.p.passwordMethod(), At: c.p.now()})
	if errors.Is(err, store.ErrNotFound) {
		c.clearSession() // ended meanwhile, as by the same change in another tab; the new password stands
		return nil
	}
	return err
}

// swapPassword replaces the password if the present one is right at that very moment: of two changes at once one wins,
// and the other is held against what it left. A hash that the check renewed looks like a change; then it is checked
// again.
func (c *call) swapPassword(pw method.Passwords, u *store.User, except, current, next string) error {
	var made store.Credential
	for range 3 {
		have, err := c.p.users.Credential(c.ctx(), store.KindPassword, u.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("reading the password: %w", err)
		}
		right, err := pw.CheckPassword(c.ctx(), u, current)
		if err != nil {
			return fmt.Errorf("checking the password: %w", err)
		}
		if !right {
			return problem.InvalidCredentials
		}
		if made.Data == nil {
			if made, err = pw.MakePassword(c.ctx(), u, next); err != nil {
				return err
			}
		}
		have.Data, have.Used = made.Data, made.Used
		_, err = c.p.accounts.replacePassword(c.ctx(), have, except, false)
		if !errors.Is(err, store.ErrStale) {
			return err
		}
	}
	return store.ErrStale
}

// passwordAPI answers POST password/change.
func (c *call) passwordAPI() error {
	f, err := c.jsonFields("current", "password")
	if err != nil {
		return err
	}
	if err := c.changePassword(f["current"], f["password"]); err != nil {
		return err
	}
	return c.json(http.StatusOK, map[string]string{"status": "changed"})
}

// passwordForm is the form's face of changePassword.
func (c *call) passwordForm() error {
	f, err := c.formFields("current", "password")
	if err == nil {
		err = c.changePassword(f["current"], f["password"])
	}
	if err != nil {
		return c.accountFailed(err, nil)
	}
	return c.accountDone("password")
}
