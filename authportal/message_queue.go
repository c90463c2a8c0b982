package authportal

import (
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// mailPayload is what a queued message says of itself. It holds no secret: whatever opens a door is made when the
// message is written.
type mailPayload struct {
	Lang string `json:"l,omitempty"` // Accept-Language of the browser that asked
	Base string `json:"b"`           // of our pages: what links begin with
	User string `json:"u,omitempty"` // the account that it is about, where that is known; else the address tells
	To   string `json:"t,omitempty"` // where the person was going, sealed or a path
	Flow string `json:"f,omitempty"`
	Who  string `json:"w,omitempty"` // another address that it names: of a newcomer, in a message to an administrator
	ID   string `json:"i,omitempty"` // of the credential that its link is about
	Ref  []byte `json:"r,omitempty"` // of the browser that a sign-in by mail is for, as the method has it
}

// mails reports whether messages can be sent.
func (p *Portal) mails() bool { return p.outbox != nil }

// enqueueMail queues a message on behalf of whoever asks.
func (c *call) enqueueMail(kind, to string, a mailPayload) error {
	if a.Base == "" {
		base, err := c.mailBase()
		if err != nil {
			return err
		}
		a.Base = base
	}
	a.Lang = bounded(c.r.Header.Get("Accept-Language"), 100)
	if len(a.To)+len(a.Flow) > 4096 {
		a.To, a.Flow = "", ""
	}
	return c.p.accounts.post(c.ctx(), kind, to, a)
}

// mailAllowed counts one message to the address, as every spelling of it has it, and reports whether it may be sent.
// Where it may not, the answer is the same: only the message is missing. Nothing is given back, because every message
// costs its reader something.
func (c *call) mailAllowed(to string) (bool, error) {
	err := (&guess{c: c, p: c.p}).count("letter", to, c.p.set.Account)
	if err != nil && !weFailed(err) {
		c.emit(Event{Kind: EventLetter, Result: ResultRefused, Reason: problem.CodeTooMany})
		return false, nil
	}
	return err == nil, err
}

// requestMail queues a message to an address that somebody typed, and tells nothing of it. Whoever asks is counted.
func (c *call) requestMail(kind, typed string, a mailPayload) error {
	if !c.p.mails() {
		return problem.NoMail
	}
	if err := c.mustHTTPS(); err != nil {
		return err
	}
	to, err := NormalizeEmail(typed)
	if err != nil {
		return accountProblem(err)
	}
	if err := (&guess{c: c, p: c.p}).count("letters", addressBlock(c.v.Addr), c.p.set.Address); err != nil {
		return err
	}
	if room, err := c.mailAllowed(to); err != nil || !room {
		return err
	}
	if err := c.enqueueMail(kind, to, a); err != nil {
		return err
	}
	// Neither the address, which is what a stranger typed, nor whether anybody has it.
	c.emit(Event{Kind: EventLetter, Result: ResultOK, Reason: kind})
	return nil
}

// readable reports whether the account may get messages that open it.
func readable(u *store.User, to string) bool { return u.Enabled && u.Email == to }
