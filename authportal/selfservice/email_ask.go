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

// requestEmailChange requests another address for the caller's account. The change is made once the new address
// confirms it; the present address is notified at once. Whether the new address already has an account is decided when
// the message is composed, so that the response does not reveal it (account enumeration).
func (s *emails) requestEmailChange(c *web.Call, typed string) error {
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
	e := audit.Event{Kind: audit.EventEmailAsk, Result: audit.ResultOK,
		UserID: u.ID, Username: u.Username, Session: live.Session.RootID()}
	err = s.tryRequestEmail(c, &u, typed)
	var p *problem.Problem
	if errors.As(err, &p) {
		e.Result, e.Reason = audit.ResultRefused, p.Code
	} else if err != nil {
		return fmt.Errorf("requesting a change of address: %w", err)
	}
	c.Emit(e)
	return err
}

func (s *emails) tryRequestEmail(c *web.Call, u *store.User, typed string) error {
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
	if err := g.Count("letters", signin.AddressBlock(c.Visit.Addr), s.settings.Address); err != nil {
		return err
	}
	// Limit by account too: each request sends a message to the present address, and that one must not be dropped by a
	// limit of its own.
	if err := g.Count("email", u.ID, s.settings.Account); err != nil {
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
	// An unconfirmed address may belong to someone else.
	if u.Confirmed {
		err := s.signin.EnqueueMail(c, message.EmailAsked, u.Email, message.Payload{User: u.ID, Who: to})
		if err != nil {
			return err
		}
	}
	if room, err := s.signin.MailAllowed(c, to); err != nil || !room {
		return err
	}
	return s.signin.EnqueueMail(c, message.EmailChange, to, message.Payload{User: u.ID, Who: u.Email, ID: id})
}

// requestEmailForm handles the form of requestEmailChange; in the API it is part of PATCH account.
func (s *profile) requestEmailForm(c *web.Call) error {
	f, err := c.FormFields("email")
	if err == nil {
		err = s.emails.requestEmailChange(c, f["email"])
	}
	if err != nil {
		return s.accountFailed(c, err, f)
	}
	return s.accountDone(c, "email")
}
