package authportal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// try is one answer of a person to the question who they are, in either face.
type try struct {
	Method   string // name of the method; empty: the first that takes a login name
	Login    string
	Step     string // token of a sign-in in progress; empty at its start
	To, Flow string
	Remember bool
	Field    func(string) string
}

// outcome is how a try ends, if it is no Problem.
type outcome struct {
	Location string               // where to go on; empty where the caller named no address and none is due
	Provider bool                 // Location is a provider's
	Step     *pages.Step          // more is asked for
	Factors  []method.Configured  // ways to answer it, where it is a second factor
	Choose   string               // it asks for a new password of the account of that name
	Live     *store.ActiveSession // who is signed in now
	Waiting  string               // nobody is: what comes first, "confirm_email" or "approval_pending"
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
		if pend = c.openPending(t.Step); pend == nil {
			return nil, problem.StepExpired
		}
		if pend.Method != "" {
			t.Method = pend.Method
		}
		if err := c.continues(pend, in); err != nil {
			return nil, err
		}
	}
	if pend.Choose {
		return c.chooseNew(t, pend, in)
	}
	m := c.p.method(t.Method)
	if m == nil || m.Second && pend.User == "" || mailProof(m) != nil && len(pend.State) == 0 {
		return nil, problem.Malformed
	}
	for range 2 {
		out, err := c.step(t, m, pend, in)
		// The credential was replaced between the check and the session (a hash renewed by another tab, a password
		// changed): what the person sent is held against what is stored now.
		if !errors.Is(err, errMoved) {
			return out, err
		}
	}
	return nil, problem.InvalidCredentials
}

// continues holds a further proof to the session that it is for: the proofs before it were that session's, and are worth
// nothing once it has ended.
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

// method returns the configured method of that name.
func (p *Portal) method(name string) *method.Configured {
	for i := range p.methods {
		_, takesLogin := p.methods[i].Method.(method.LoginNamer)
		if p.methods[i].Name == name || name == "" && takesLogin {
			return &p.methods[i]
		}
	}
	return nil
}

// step lets the method judge one try. The guess is counted before, whoever it is about.
func (c *call) step(t try, m *method.Configured, pend *pending, in *intent) (*outcome, error) {
	user, account, err := c.account(t, m, pend)
	if err != nil {
		return nil, err
	}
	if len(pend.Proofs) > 0 && (user == nil || c.p.missing(user) != nil || user.Version != pend.Version) {
		return nil, problem.StepExpired // the account has changed since the first proof: what was begun before does not finish
	}
	if t.Field == nil {
		t.Field = func(string) string { return "" }
	}
	a := &method.Attempt{User: user, Field: t.Field, State: pend.State, Address: c.v.Addr, Host: c.v.Host,
		Return: c.v.Origin + c.v.Base + "/callback/" + m.Name, Now: c.p.now()}
	begins := t.Step == "" && account == ""
	var g *guess
	if !begins {
		if g, err = c.guess(account); err == nil && mailProof(m) != nil {
			err = g.atLetter(pend.State)
		}
		if err != nil {
			if !weFailed(err) {
				c.refused(user, m.Name, problemOf(err).Code)
			}
			return nil, err
		}
	}
	do := m.Method.Continue
	if begins {
		do = m.Method.Begin
	}
	s, err := do(c.ctx(), a)
	if err != nil {
		g.giveBack()
		return nil, fmt.Errorf("signing in by %s: %w", m.Name, err)
	}
	switch s := s.(type) {
	case method.Refused:
		c.refused(user, m.Name, s.Reason)
		if len(pend.Proofs) > 0 || mailProof(m) != nil {
			return nil, problem.InvalidCode
		}
		return nil, problem.InvalidCredentials
	case method.Show:
		g.giveBack()
		token, err := c.keepPending(pend.next(m.Name, user, s.State, t))
		if err != nil {
			return nil, err
		}
		return &outcome{Step: &pages.Step{Token: token, Method: m.Name, Fields: stepFields(s.Fields)}}, nil
	case method.Redirect:
		g.giveBack()
		if _, err := c.keepPending(pend.next(m.Name, user, s.State, t)); err != nil {
			return nil, err
		}
		return &outcome{Location: s.URL, Provider: true}, nil
	case method.Proven:
		g.giveBack()
		return c.advance(t, m, pend, in, s)
	}
	return nil, fmt.Errorf("signing in by %s: a step of unknown kind %T", m.Name, s)
}

// account finds whom the try is about, and the name that guesses at it count under: the id of the account, or what was
// typed in its normal spelling, so that all spellings share one counter and an unknown name counts like a known one.
// Both are empty where the method asks for no name.
func (c *call) account(t try, m *method.Configured, pend *pending) (*store.User, string, error) {
	if pend.User != "" {
		u, err := c.p.users.User(c.ctx(), pend.User)
		if errors.Is(err, store.ErrNotFound) {
			return nil, pend.User, nil
		} else if err != nil {
			return nil, "", fmt.Errorf("reading the account: %w", err)
		}
		return &u, u.ID, nil
	}
	if _, ok := m.Method.(method.LoginNamer); !ok && mailProof(m) == nil {
		return nil, pend.Login, nil
	}
	if t.Login == "" && pend.Login != "" || mailProof(m) != nil {
		t.Login = pend.Login // of a letter: the address that it went to, whatever is sent now
	}
	// What no account can be called is looked up, counted and hashed like any other name all the same.
	login, _ := NormalizeLogin(t.Login)
	if login = bounded(login, 512); login == "" {
		login = " " // never the account that happens to have no address
	}
	u, err := c.p.users.FindUser(c.ctx(), login)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, login, nil
	case err != nil:
		return nil, "", fmt.Errorf("looking for the account: %w", err)
	}
	return &u, u.ID, nil
}

// missing says why an account may not sign in although the person is its owner.
func (p *Portal) missing(u *store.User) error {
	switch {
	case !u.Enabled:
		return problem.Disabled
	case p.set.ConfirmEmail && u.Email != "" && !u.Confirmed:
		return problem.Unconfirmed
	case !u.Approved:
		return problem.Unapproved
	}
	return nil
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
	if err := c.p.missing(&u); err != nil {
		c.refused(&u, m.Name, problemOf(err).Code)
		return nil, err
	}
	proofs := append(slices.Clone(pend.Proofs), store.Proof{Method: m.Name, At: c.p.now()})
	creds := slices.Clone(pend.Creds)
	if s.Kind != "" {
		creds = append(creds, credRef{s.Kind, s.ID, s.Version})
	}
	if !c.p.strong(proofs) {
		factors, err := c.p.factors(c.ctx(), &u)
		if err != nil {
			return nil, err
		}
		if len(factors) > 0 {
			next := pend.next("", &u, nil, t)
			next.User, next.Version, next.Proofs, next.Creds = u.ID, u.Version, proofs, creds
			token, err := c.keepPending(next)
			if err != nil {
				return nil, err
			}
			return &outcome{Factors: factors, Step: &pages.Step{Token: token}}, nil
		}
	}
	if u.MustChangePassword {
		next := pend.next("", &u, nil, t)
		next.Proofs, next.Creds = proofs, creds
		return c.askNew(&u, next, in)
	}
	out, err := c.complete(&u, proofs, creds, in, t.Remember || pend.Remember)
	if err == nil && pend.Token != "" {
		c.dropPending(pend.Token)
	}
	return out, err
}

// factors returns the configured second factors that the account can use.
func (p *Portal) factors(ctx context.Context, u *store.User) ([]method.Configured, error) {
	var out []method.Configured
	for _, m := range p.methods {
		f, ok := m.Method.(method.SecondFactor)
		if !ok {
			continue
		}
		has, err := f.Enrolled(ctx, u)
		if err != nil {
			return nil, fmt.Errorf("looking for second factors: %w", err)
		}
		if has {
			out = append(out, m)
		}
	}
	return out, nil
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
	h := c.v.Host
	if c.v.Secure || c.p.set.AllowHTTP || h == "localhost" || strings.HasSuffix(h, ".localhost") || isLoopback(h) {
		return nil
	}
	return problem.HTTPS
}
