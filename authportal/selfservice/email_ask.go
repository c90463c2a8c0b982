package selfservice

import (
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// askEmail asks for another address of the caller's own account. Nothing changes before the new address has said yes,
// and the present one is told at once. Whether somebody has the address already is found out where the message is
// written.
func (s *emails) askEmail(c *web.Call, typed string) error {
	if !s.signin.Mails() {
		return problem.NoMail
	}
	live, err := s.signin.MustFresh(c)
	if err != nil {
		return err
	}
	_, u, err := s.signin.MustUser(c)
	if err != nil {
		return err
	}
	if err := s.signin.MustHTTPS(c); err != nil {
		return err
	}
	e := audit.Event{Kind: audit.EventEmailAsk, Result: audit.ResultOK, UserID: u.ID, Username: u.Username, Session: live.Session.RootID()}
	err = s.tryAskEmail(c, &u, typed)
	var p *problem.Problem
	if errors.As(err, &p) {
		e.Result, e.Reason = audit.ResultRefused, p.Code
	} else if err != nil {
		return fmt.Errorf("asking for another address: %w", err)
	}
	c.Emit(e)
	return err
}

func (s *emails) tryAskEmail(c *web.Call, u *store.User, typed string) error {
	to, err := accounts.NormalizeEmail(typed)
	switch {
	case err != nil:
		return accounts.Problem(err)
	case to == u.Email:
		return problem.InvalidField("email", "is the address of the account already")
	case !s.rules.domainAllowed(to):
		return problem.InvalidField("email", "is not of a domain that may sign up")
	}
	g := s.signin.NewGuess(c)
	if err := g.Count("letters", signin.AddressBlock(c.Visit.Addr), s.set.Address); err != nil {
		return err
	}
	// By account too: each ask is a message to the present address, which no count of its own must silence.
	if err := g.Count("email", u.ID, s.set.Account); err != nil {
		return err
	}
	version, err := s.signin.PasswordVersion(c.Ctx(), u.ID)
	if err != nil {
		return err
	}
	m := accounts.EmailMove{Old: u.Email, New: to, Password: version, Asked: s.now()}
	id, err := s.accounts.AskEmailMove(c.Ctx(), u.ID, m, EmailChangeLife)
	if err != nil {
		return err
	}
	// Where nobody has shown that the present address is theirs, it may be a stranger's.
	if u.Confirmed {
		if err := s.signin.EnqueueMail(c, message.EmailAsked, u.Email, message.Payload{User: u.ID, Who: to}); err != nil {
			return err
		}
	}
	if room, err := s.signin.MailAllowed(c, to); err != nil || !room {
		return err
	}
	return s.signin.EnqueueMail(c, message.EmailChange, to, message.Payload{User: u.ID, Who: u.Email, ID: id})
}

// askEmailForm is the form's face of askEmail; the API's is PATCH account.
func (s *profile) askEmailForm(c *web.Call) error {
	f, err := c.FormFields("email")
	if err == nil {
		err = s.emails.askEmail(c, f["email"])
	}
	if err != nil {
		return s.accountFailed(c, err, f)
	}
	return s.accountDone(c, "email")
}
