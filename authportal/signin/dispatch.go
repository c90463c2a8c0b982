package signin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// LoginInput is what one step of a sign-in receives from the form, the API or a provider.
type LoginInput struct {
	Method   string // name of the configured method; empty: the first that takes a login name
	Login    string
	Step     string // token of the pending sign-in; empty at the start
	To, Flow string
	Remember bool
	Answered bool // something besides the choice of a method was sent
	Field    func(string) string
	JSON     func(string) json.RawMessage
	Query    url.Values // parameters of a provider's answer
}

// LoginResult is the result of one step that did not fail.
type LoginResult struct {
	Location       string               // where to go next; empty if the API caller named no return URL
	AtProvider     bool                 // Location is the provider's
	Post           *method.PostForm     // a form to be sent to the provider
	Challenge      string               // value of WWW-Authenticate
	Step           *pages.Step          // the form of a further step
	Factors        []method.Configured  // the second factors to choose from
	NewPasswordFor string               // username of the account that needs a new password
	Session        *store.ActiveSession // of the completed sign-in
	Added          *added               // the credential added to the signed-in account
	Waiting        string               // what blocks the sign-in: "confirm_email" or "approval_pending"
}

// signIn is the dispatcher. It reads how far the sign-in has come, lets the method take one step, and then checks what
// is still missing. Methods know nothing of one another, nor of what follows.
func (s *dispatcher) signIn(c *web.Call, input LoginInput) (*LoginResult, error) {
	if err := s.guard.MustHTTPS(c); err != nil {
		return nil, err
	}
	request := s.flows.ParseLoginRequest(c, input.To, input.Flow)
	pend := &pending{}
	if input.Step != "" {
		// Only a callback may continue a sign-in that waits for its provider, and adding a credential is no sign-in.
		pend = s.pendings.findPending(c, input.Step)
		if pend == nil || pend.Challenged || pend.AtProvider || pend.adds() {
			return nil, problem.StepExpired
		}
		if err := s.checkSession(c, pend, request); err != nil {
			return nil, err
		}
	}
	return s.proceed(c, input, pend, request)
}

// proceed takes the next step of a pending sign-in.
func (s *dispatcher) proceed(
	c *web.Call, input LoginInput, pend *pending, request *LoginRequest,
) (*LoginResult, error) {
	if pend.NewPassword {
		return s.acceptNewPassword(c, input, pend, request)
	}
	if pend.Method != "" && (input.Method == "" || !pend.choosesFactor()) {
		input.Method = pend.Method
	}
	m := s.method(input.Method)
	if m == nil || m.Second && pend.User == "" || MailProof(m) != nil && len(pend.State) == 0 {
		return nil, problem.Malformed
	}
	if pend.choosesFactor() && !allowedAfterProof(m) {
		return nil, problem.Malformed
	}
	for range 2 {
		result, err := s.step(c, input, m, pend, request)
		// The credential was replaced between the check and the session, by a rehash in another tab or a password
		// change. Check the input again against what is stored now.
		if !errors.Is(err, ErrCredentialChanged) {
			return result, err
		}
		if pend.AtProvider {
			return nil, problem.StepExpired // a provider's answer is valid only once
		}
	}
	return nil, problem.InvalidCredentials
}

// allowedAfterProof reports whether a method may answer where a second factor is requested. The password is harmless
// there: it is checked and counted, and adds nothing.
func allowedAfterProof(m *method.Configured) bool {
	switch m.Method.(type) {
	case method.SecondFactor, method.LoginNamer:
		return true
	}
	return false
}

// checkSession verifies that the session which a step-up belongs to is still this browser's: proofs taken over from an
// ended session are worth nothing.
func (s *dispatcher) checkSession(c *web.Call, pend *pending, request *LoginRequest) error {
	if pend.Session == "" {
		return nil
	}
	active, err := s.callers.session(c)
	if err != nil {
		return err
	}
	if active == nil || active.Session.RootID() != pend.Session || active.Session.UserID != pend.User {
		return problem.StepExpired
	}
	request.stepUp = true
	return nil
}

// method returns the configured method of that name, or for an empty name the first that takes a login name.
func (s *dispatcher) method(name string) *method.Configured {
	for i := range s.methods {
		_, takesLogin := s.methods[i].Method.(method.LoginNamer)
		if s.methods[i].Name == name || name == "" && takesLogin {
			return &s.methods[i]
		}
	}
	return nil
}

// step lets the method take one step and acts on what it returns.
func (s *dispatcher) step(
	c *web.Call, input LoginInput, m *method.Configured, pend *pending, request *LoginRequest,
) (*LoginResult, error) {
	a, err := s.attempt(c, input, m, pend)
	if err != nil {
		return nil, err
	}
	step, err := a.take(c.Ctx())
	if err != nil {
		a.guess.GiveBack()
		return nil, fmt.Errorf("signing in by %s: %w", m.Name, err)
	}
	next := pend.next(m.Name, a.user, nil, input)
	switch step := step.(type) {
	case method.Refused:
		return nil, s.refuse(c, a, pend, step.Reason)
	case method.Challenge:
		return s.challenge(c, a, next, step)
	case method.Show:
		a.guess.GiveBack()
		if next.State = step.State; pend.AtProvider {
			a.token = "" // the provider's state value is used up
		}
		if err := s.pendings.keepStep(c, next, a.token, false); err != nil {
			return nil, err
		}
		form := &pages.Step{Token: next.Token, Method: m.Name, Fields: stepFields(step.Fields),
			Options: string(step.Options)}
		return &LoginResult{Step: form}, nil
	case method.Redirect:
		a.guess.GiveBack()
		next.State = step.State
		return &LoginResult{Location: step.URL, AtProvider: true}, s.leaveForProvider(c, next, a, step.URL)
	case method.PostForm:
		a.guess.GiveBack()
		next.State = step.State
		return &LoginResult{Post: &step}, s.leaveForProvider(c, next, a, step.URL)
	case method.Proven:
		a.guess.GiveBack()
		return s.accept(c, input, m, pend, request, step)
	case method.Identified:
		return s.identified(c, a, input, pend, request, step.Identity)
	case method.Enrolled:
		a.guess.GiveBack()
		return s.enrolled(c, m, pend, step)
	}
	return nil, fmt.Errorf("signing in by %s: unknown step type %T", m.Name, step)
}

// leaveForProvider keeps what the provider's answer must match. It refuses an address that is neither https nor on the
// developer's own machine.
func (s *dispatcher) leaveForProvider(c *web.Call, next *pending, a *attempt, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !local(u.Hostname())) {
		return fmt.Errorf("signing in by %s: the provider's address is not an https URL", a.m.Name)
	}
	return s.pendings.keepStep(c, next, a.token, true)
}

// refuse records a wrong answer and returns its problem. A provider's answer ends the attempt.
func (s *dispatcher) refuse(c *web.Call, a *attempt, pend *pending, reason string) error {
	s.emitRefusal(c, a.user, a.m.Name, reason)
	switch {
	case pend.AtProvider:
		s.pendings.dropPending(c, pend.Token)
		return problem.SignInRefused
	case len(pend.Proofs) > 0 || MailProof(a.m) != nil:
		return problem.InvalidCode
	}
	return problem.InvalidCredentials
}

// challenge challenges the browser itself (RFC 9110 §11.6.1), once in a sign-in. A browser that cannot answer gets the
// form.
func (s *dispatcher) challenge(
	c *web.Call, a *attempt, next *pending, challenge method.Challenge,
) (*LoginResult, error) {
	if a.Negotiate != nil {
		return nil, s.refuse(c, a, next, "the answer to the challenge is not enough")
	}
	if s.pendings.wasChallenged(c, next) {
		return &LoginResult{}, nil
	}
	next.Challenged = true
	return &LoginResult{Challenge: challenge.Header}, s.pendings.keepStep(c, next, a.token, false)
}

// accept completes a step by a proof.
func (s *dispatcher) accept(
	c *web.Call, input LoginInput, m *method.Configured, pend *pending, request *LoginRequest, proven method.Proven,
) (*LoginResult, error) {
	if pend.adds() {
		return nil, fmt.Errorf("signing in by %s: got a proof while adding a credential", m.Name)
	}
	return s.advance(c, input, m, pend, request, proven)
}

// advance adds a proof and then asks for the first missing requirement, or completes the sign-in.
func (s *dispatcher) advance(
	c *web.Call, input LoginInput, m *method.Configured, pend *pending, request *LoginRequest, by method.Proven,
) (*LoginResult, error) {
	u := by.User
	if pend.User != "" && pend.User != u.ID {
		s.emitRefusal(c, &u, m.Name, "another account's factor")
		return nil, problem.InvalidCredentials
	}
	if by.Mailbox && u.Enabled && !u.Confirmed {
		after, err := s.ProveMailbox(c, u)
		if err != nil {
			return nil, err
		}
		u, by.Kind = after, "" // the proving credential was voided as well
	}
	proof := store.Proof{Method: m.Name, At: s.now()}
	if by.Level > 1 {
		proof.Level = by.Level
	}
	p := &proven{user: u, method: m.Name, request: request, input: input, pend: pend,
		proofs: append(slices.Clone(pend.Proofs), proof), creds: slices.Clone(pend.Creds)}
	if by.Kind != "" {
		p.creds = append(p.creds, credRef{Kind: by.Kind, ID: by.ID, Version: by.Version, Owner: u.ID})
	}
	for _, r := range s.requirements() {
		missing, err := r.missing(c, p)
		if err != nil {
			return nil, err
		}
		if missing {
			return r.ask(c, p)
		}
	}
	result, err := s.finisher.complete(c, &u, p.proofs, p.creds, request, input.Remember || pend.Remember)
	if err == nil && pend.Token != "" {
		s.pendings.dropPending(c, pend.Token)
	}
	return result, err
}

func (s *dispatcher) emitRefusal(c *web.Call, u *store.User, method, reason string) {
	e := audit.Event{Kind: audit.EventSignIn, Result: audit.ResultRefused, Reason: reason, Method: method}
	if u != nil {
		e.UserID, e.Username = u.ID, u.Username
	}
	c.Emit(e)
}

// MustHTTPS refuses to receive or set a secret over plain http, which can be read on the way. Exceptions are the
// developer's own machine and `allow_http`.
func (s *guard) MustHTTPS(c *web.Call) error {
	if c.Visit.Secure || s.settings.AllowHTTP || local(c.Visit.Host) {
		return nil
	}
	return problem.HTTPS
}

// local reports whether a host is the developer's own machine.
func local(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || web.IsLoopback(host)
}
