package selfservice

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// changePassword sets a new password. It requires the present one, so that an unattended browser is not enough, and
// counts the guess like one at the login form. All other sessions of the user end, and this one gets a new secret.
func (s *resets) changePassword(c *web.Call, current, next string) error {
	live, u, err := s.signin.MustUser(c)
	if err != nil {
		return err
	}
	pw := s.accounts.Passwords()
	if pw == nil {
		return problem.NotFound
	}
	if err := s.signin.MustHTTPS(c); err != nil {
		return err
	}
	g, err := s.signin.Guess(c, u.ID)
	if err != nil {
		return err
	}
	e := audit.Event{Kind: audit.EventPasswordChange, Result: audit.ResultOK,
		UserID: u.ID, Username: u.Username, Session: live.Session.RootID()}
	switch err := s.swapPassword(c, pw, &u, live.Session.RootID(), current, next); {
	case errors.Is(err, problem.InvalidCredentials):
		e.Result, e.Reason = audit.ResultRefused, "wrong password"
		c.Emit(e)
		return err
	case err != nil:
		g.GiveBack() // the password was right, or the check failed internally
		return accounts.Problem(err)
	}
	g.GiveBack()
	c.Emit(e)
	s.signin.PasswordChanged(c, &u)
	s.signin.KeepDeviceCookie(c, &u) // the change revoked all device cookies, but this browser knows the new password
	// A copy of this browser's session cookie must not survive the change.
	err = s.signin.Renew(c, store.Proof{Method: s.rules.passwordMethod(), At: s.now()})
	if errors.Is(err, store.ErrNotFound) {
		// The session ended in the meantime, for example by the same change in another tab. The password is changed.
		s.signin.ClearSession(c)
		return nil
	}
	return err
}

// swapPassword checks the present password and replaces it in one compare-and-swap: of two concurrent changes one wins,
// and the other is checked against its result. It retries because the check may itself renew the hash.
func (s *resets) swapPassword(c *web.Call, pw method.Passwords, u *store.User, except, current, next string) error {
	var made store.Credential
	for range 3 {
		have, err := s.users.Credential(c.Ctx(), store.KindPassword, u.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("reading the password: %w", err)
		}
		right, err := pw.CheckPassword(c.Ctx(), u, current)
		if err != nil {
			return fmt.Errorf("checking the password: %w", err)
		}
		if !right {
			return problem.InvalidCredentials
		}
		if made.Data == nil {
			if made, err = pw.MakePassword(c.Ctx(), u, next); err != nil {
				return err
			}
		}
		have.Data, have.Used = made.Data, made.Used
		_, err = s.accounts.ReplacePassword(c.Ctx(), have, except, false)
		if !errors.Is(err, store.ErrStale) {
			return err
		}
	}
	return store.ErrStale
}

// passwordAPI handles POST password/change.
func (s *resets) passwordAPI(c *web.Call) error {
	f, err := c.JSONFields("current", "password")
	if err != nil {
		return err
	}
	if err := s.changePassword(c, f["current"], f["password"]); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]string{"status": "changed"})
}

// passwordForm handles the form of changePassword.
func (s *profile) passwordForm(c *web.Call) error {
	f, err := c.FormFields("current", "password")
	if err == nil {
		err = s.resets.changePassword(c, f["current"], f["password"])
	}
	if err != nil {
		return s.accountFailed(c, err, nil)
	}
	return s.accountDone(c, "password")
}
