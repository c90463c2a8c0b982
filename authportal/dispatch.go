package authportal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// try is one answer of a person to the question who they are, in either face, or that of their provider.
type try struct {
	Method   string // name of the method; empty: the first that takes a login name
	Login    string
	Step     string // token of a sign-in in progress; empty at its start
	To, Flow string
	Remember bool
	Answers  bool // something was sent beside the choice of a method
	Field    func(string) string
	JSON     func(string) json.RawMessage
	Query    url.Values // of a provider's answer
}

// outcome is how a try ends, if it is no Problem.
type outcome struct {
	Location  string               // where to go on; empty where the caller named no address and none is due
	Provider  bool                 // Location is a provider's
	Post      *method.PostForm     // a provider's, by way of a form
	Challenge string               // the browser itself is asked: the header WWW-Authenticate
	Step      *pages.Step          // more is asked for
	Factors   []method.Configured  // ways to answer it, where it is a second factor
	Choose    string               // it asks for a new password of the account of that name
	Live      *store.ActiveSession // who is signed in now
	Added     *added               // what the account that is signed in has now
	Waiting   string               // nobody is: what comes first, "confirm_email" or "approval_pending"
}

// signIn is the dispatcher: it reads how far the sign-in has come, lets the method take one step, and then asks what is
// still missing. Methods know nothing of one another, nor of what follows.
func (c *call) signIn(t try) (*outcome, error) {
	if err := c.mustHTTPS(); err != nil {
		return nil, err
	}
	in := c.intent(t.To, t.Flow)
	pend := &pending{}
	if t.Step != "" {
		// What a provider was asked is answered by a callback alone, and what is added to an account is no sign-in.
		if pend = c.openPending(t.Step); pend == nil || pend.Challenged || pend.Away || pend.adds() {
			return nil, problem.StepExpired
		}
		if err := c.continues(pend, in); err != nil {
			return nil, err
		}
	}
	return c.goOn(t, pend, in)
}

// goOn takes the next step of a sign-in that was read.
func (c *call) goOn(t try, pend *pending, in *intent) (*outcome, error) {
	if pend.Choose {
		return c.chooseNew(t, pend, in)
	}
	if pend.Method != "" && (t.Method == "" || !pend.choosesFactor()) {
		t.Method = pend.Method
	}
	m := c.p.method(t.Method)
	if m == nil || m.Second && pend.User == "" || mailProof(m) != nil && len(pend.State) == 0 {
		return nil, problem.Malformed
	}
	if _, follows := m.Method.(method.SecondFactor); pend.choosesFactor() && !follows {
		return nil, problem.Malformed
	}
	for range 2 {
		out, err := c.step(t, m, pend, in)
		// The credential was replaced between the check and the session (a hash renewed by another tab, a password
		// changed): what the person sent is held against what is stored now.
		if !errors.Is(err, errMoved) {
			return out, err
		}
		if pend.Away {
			return nil, problem.StepExpired // an answer of a provider is good once
		}
	}
	return nil, problem.InvalidCredentials
}

// mayFollow reports whether a method answers where a second factor is asked for. The same password again is no harm:
// it is checked, counted, and adds nothing.
func mayFollow(m *method.Configured) bool {
	switch m.Method.(type) {
	case method.SecondFactor, method.LoginNamer:
		return true
	}
	return false
}

// continues holds a further proof to the session that it is for: the proofs before it were that session's, and are
// worth nothing once it has ended.
func (c *call) continues(pend *pending, in *intent) error {
	if pend.Session == "" {
		return nil
	}
	live, err := c.session()
	if err != nil {
		return err
	}
	if live == nil || live.Session.RootID() != pend.Session || live.Session.UserID != pend.User {
		return problem.StepExpired
	}
	in.further = true
	return nil
}

// method returns the configured method of that name; that of no name is the first that takes a login name.
func (p *Portal) method(name string) *method.Configured {
	for i := range p.methods {
		_, takesLogin := p.methods[i].Method.(method.LoginNamer)
		if p.methods[i].Name == name || name == "" && takesLogin {
			return &p.methods[i]
		}
	}
	return nil
}

// step lets the method take one step, and does what the step says.
func (c *call) step(t try, m *method.Configured, pend *pending, in *intent) (*outcome, error) {
	x, err := c.attempt(t, m, pend)
	if err != nil {
		return nil, err
	}
	s, err := x.take(c.ctx())
	if err != nil {
		x.guess.giveBack()
		return nil, fmt.Errorf("signing in by %s: %w", m.Name, err)
	}
	next := pend.next(m.Name, x.user, nil, t)
	switch s := s.(type) {
	case method.Refused:
		return nil, c.refuse(x, pend, s.Reason)
	case method.Challenge:
		return c.challenge(x, next, s)
	case method.Show:
		x.guess.giveBack()
		if next.State = s.State; pend.Away {
			x.token = "" // the provider has answered: what it knew leads nowhere any more
		}
		if err := c.keepStep(next, x.token, false); err != nil {
			return nil, err
		}
		step := &pages.Step{Token: next.Token, Method: m.Name, Fields: stepFields(s.Fields), Options: string(s.Options)}
		return &outcome{Step: step}, nil
	case method.Redirect:
		x.guess.giveBack()
		next.State = s.State
		return &outcome{Location: s.URL, Provider: true}, c.leave(next, x, s.URL)
	case method.PostForm:
		x.guess.giveBack()
		next.State = s.State
		return &outcome{Post: &s}, c.leave(next, x, s.URL)
	case method.Proven:
		x.guess.giveBack()
		return c.accept(t, m, pend, in, s)
	case method.Identified:
		return c.identified(x, t, pend, in, s.Identity)
	case method.Enrolled:
		x.guess.giveBack()
		return c.enrolled(m, pend, s)
	}
	return nil, fmt.Errorf("signing in by %s: a step of unknown kind %T", m.Name, s)
}

// leave keeps what the answer of a provider must fit, and holds the address to what browsers may be led to.
func (c *call) leave(next *pending, x *attempt, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !local(u.Hostname())) {
		return fmt.Errorf("signing in by %s: its address is not one of https", x.m.Name)
	}
	return c.keepStep(next, x.token, true)
}

// refuse tells of an answer that was wrong. That of a provider is good for one try.
func (c *call) refuse(x *attempt, pend *pending, reason string) error {
	c.refused(x.user, x.m.Name, reason)
	switch {
	case pend.Away:
		c.dropPending(pend.Token)
		return problem.SignInRefused
	case len(pend.Proofs) > 0 || mailProof(x.m) != nil:
		return problem.InvalidCode
	}
	return problem.InvalidCredentials
}

// challenge asks the browser itself, once in a sign-in: one that cannot answer is shown the form.
func (c *call) challenge(x *attempt, next *pending, s method.Challenge) (*outcome, error) {
	if x.Negotiate != nil {
		return nil, c.refuse(x, next, "the answer to the challenge is not enough")
	}
	if c.wasChallenged(next) {
		return &outcome{}, nil
	}
	next.Challenged = true
	return &outcome{Challenge: s.Header}, c.keepStep(next, x.token, false)
}

// accept takes a proof for what the attempt was for.
func (c *call) accept(t try, m *method.Configured, pend *pending, in *intent, s method.Proven) (*outcome, error) {
	if pend.adds() {
		return nil, fmt.Errorf("signing in by %s: a proof where something was to be added", m.Name)
	}
	return c.advance(t, m, pend, in, s)
}

// advance goes on after a proof: to what is still missing, or to the end.
func (c *call) advance(t try, m *method.Configured, pend *pending, in *intent, s method.Proven) (*outcome, error) {
	u := s.User
	if pend.User != "" && pend.User != u.ID {
		c.refused(&u, m.Name, "another account's factor")
		return nil, problem.InvalidCredentials
	}
	if s.Mailbox && u.Enabled && !u.Confirmed {
		after, err := c.proveMailbox(u)
		if err != nil {
			return nil, err
		}
		u, s.Kind = after, "" // that credential was voided too
	}
	proof := store.Proof{Method: m.Name, At: c.p.now()}
	if s.Level > 1 {
		proof.Level = s.Level
	}
	p := &proven{user: u, method: m.Name, in: in, try: t, pend: pend,
		proofs: append(slices.Clone(pend.Proofs), proof), creds: slices.Clone(pend.Creds)}
	if s.Kind != "" {
		p.creds = append(p.creds, credRef{s.Kind, s.ID, s.Version})
	}
	for _, r := range c.p.requirements() {
		missing, err := r.missing(c, p)
		if err != nil {
			return nil, err
		}
		if missing {
			return r.ask(c, p)
		}
	}
	out, err := c.complete(&u, p.proofs, p.creds, in, t.Remember || pend.Remember)
	if err == nil && pend.Token != "" {
		c.dropPending(pend.Token)
	}
	return out, err
}

func (c *call) refused(u *store.User, method, reason string) {
	e := Event{Kind: EventSignIn, Result: ResultRefused, Reason: reason, Method: method}
	if u != nil {
		e.UserID, e.Username = u.ID, u.Username
	}
	c.emit(e)
}

// mustHTTPS refuses to take or give a secret over plain http, where everyone on the way reads along, but for the
// developer's own machine and where the operator allows it.
func (c *call) mustHTTPS() error {
	if c.v.Secure || c.p.set.AllowHTTP || local(c.v.Host) {
		return nil
	}
	return problem.HTTPS
}

// local reports whether a host is the developer's own machine.
func local(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || isLoopback(host)
}
