package signin

import (
	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// Mails reports whether email can be sent.
func (s *callers) Mails() bool { return s.outbox != nil }

// EnqueueMail queues a message in the language of the request.
func (s *guard) EnqueueMail(c *web.Call, kind, to string, a message.Payload) error {
	if a.Base == "" {
		base, err := c.MailBase()
		if err != nil {
			return err
		}
		a.Base = base
	}
	a.Lang = problem.Bounded(c.Request.Header.Get("Accept-Language"), 100)
	if len(a.To)+len(a.Flow) > 4096 {
		a.To, a.Flow = "", ""
	}
	return s.accounts.Post(c.Ctx(), kind, to, a)
}

// MailAllowed counts one message to the normalized address and reports whether it may be sent. If not, only the message
// is missing: the answer must look the same. The count is never released, because every message burdens its reader.
func (s *guard) MailAllowed(c *web.Call, to string) (bool, error) {
	err := s.NewGuess(c).Count("letter", to, s.settings.Account)
	if err != nil && !problem.IsFault(err) {
		c.Emit(audit.Event{Kind: audit.EventLetter, Result: audit.ResultRefused, Reason: problem.CodeTooMany})
		return false, nil
	}
	return err == nil, err
}

// RequestMail queues a message to an address that was typed in, and does not reveal whether it is known. Requests are
// counted by network address.
func (s *guard) RequestMail(c *web.Call, kind, address string, a message.Payload) error {
	if !s.callers.Mails() {
		return problem.NoMail
	}
	if err := s.MustHTTPS(c); err != nil {
		return err
	}
	to, err := accounts.NormalizeEmail(address)
	if err != nil {
		return accounts.Problem(err)
	}
	if err := s.NewGuess(c).Count("letters", AddressBlock(c.Visit.Addr), s.settings.Address); err != nil {
		return err
	}
	if allowed, err := s.MailAllowed(c, to); err != nil || !allowed {
		return err
	}
	if err := s.EnqueueMail(c, kind, to, a); err != nil {
		return err
	}
	// The event contains neither the address, which a stranger typed, nor whether an account has it.
	c.Emit(audit.Event{Kind: audit.EventLetter, Result: audit.ResultOK, Reason: kind})
	return nil
}
