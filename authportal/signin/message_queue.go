package signin

import (
	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// Mails reports whether messages can be sent.
func (s *callers) Mails() bool { return s.outbox != nil }

// EnqueueMail queues a message on behalf of whoever asks.
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

// MailAllowed counts one message to the address, as every spelling of it has it, and reports whether it may be sent.
// Where it may not, the answer is the same: only the message is missing. Nothing is given back, because every message
// costs its reader something.
func (s *guard) MailAllowed(c *web.Call, to string) (bool, error) {
	err := s.NewGuess(c).Count("letter", to, s.settings.Account)
	if err != nil && !problem.IsFault(err) {
		c.Emit(audit.Event{Kind: audit.EventLetter, Result: audit.ResultRefused, Reason: problem.CodeTooMany})
		return false, nil
	}
	return err == nil, err
}

// RequestMail queues a message to an address that somebody typed, and tells nothing of it. Whoever asks is counted.
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
	// Neither the address, which is what a stranger typed, nor whether anybody has it.
	c.Emit(audit.Event{Kind: audit.EventLetter, Result: audit.ResultOK, Reason: kind})
	return nil
}
