package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// attempt is one step of a method, before it is taken.
type attempt struct {
	method.Attempt
	m      *method.Configured
	user   *store.User // as found; read-only for the method
	token  string      // of the pending sign-in after this step, unless a provider's answer replaces it
	begins bool
	guess  *Guess // nil: this step offers nothing to guess
}

// FactorBegins limits how often one account's second factors may begin after a first proof: some send mail.
var FactorBegins = settings.Limit{Count: 30, Window: 10 * time.Minute}

// attempt finds the account, counts the guess, and collects what the method may know.
func (s *dispatcher) attempt(c *web.Call, input LoginInput, m *method.Configured, pend *pending) (*attempt, error) {
	a := &attempt{m: m, token: pend.Token}
	var account string
	var err error
	if a.user, account, err = s.account(c, input, m, pend); err != nil {
		return nil, err
	}
	if (len(pend.Proofs) > 0 || pend.adds()) &&
		(a.user == nil || s.callers.denialReason(a.user) != nil || a.user.Version != pend.Version) {
		return nil, problem.StepExpired // the account changed after the first proof
	}
	if !pend.AtProvider {
		if a.token, err = s.pendings.pendingToken(); err != nil {
			return nil, err
		}
	}
	switch {
	case pend.adds():
		a.begins = !pend.Begun
	case input.Step == "":
		a.begins = account == ""
	case pend.choosesFactor() && (pend.Method != m.Name || !pend.Begun):
		a.begins = !input.Answered
	}
	a.Attempt = method.Attempt{Purpose: pend.Purpose, Token: a.token, Identifier: problem.Bounded(input.Login, 512),
		User: a.user, Field: input.Field, JSON: input.JSON, Query: input.Query, Negotiate: s.negotiate(c),
		TLS: c.Request.TLS, Address: c.Visit.Addr, Host: c.Visit.Host,
		Return: c.Visit.Origin + c.Visit.Base + "/callback/" + url.PathEscape(m.Name), Now: s.now()}
	if pend.Method == m.Name {
		a.State = pend.State
	}
	if a.Field == nil {
		a.Field = func(string) string { return "" }
	}
	if a.JSON == nil {
		a.JSON = func(string) json.RawMessage { return nil }
	}
	return a, s.countAttempt(c, a, account, pend)
}

// countAttempt counts a guess before anything is checked.
func (s *dispatcher) countAttempt(c *web.Call, a *attempt, account string, pend *pending) (err error) {
	switch {
	case a.begins && pend.User != "":
		err = s.guard.NewGuess(c).Count("factor begin", pend.User, FactorBegins)
	case a.begins && a.Negotiate == nil:
		return nil
	case a.begins:
		a.guess, err = s.guard.Guess(c, "")
	default:
		if a.guess, err = s.guard.Guess(c, account); err == nil && MailProof(a.m) != nil {
			err = a.guess.countLinkGuess(pend.State)
		}
	}
	if err != nil && !problem.IsFault(err) {
		s.emitRefusal(c, a.user, a.m.Name, problem.Of(err).Code)
	}
	return err
}

// take calls the method.
func (a *attempt) take(ctx context.Context) (method.Step, error) {
	do := a.m.Method.Continue
	if a.begins {
		do = a.m.Method.Begin
	}
	s, err := do(ctx, &a.Attempt)
	if err == nil && len(stateOf(s)) > method.MaxState {
		return nil, fmt.Errorf("state of %d bytes exceeds the limit of %d", len(stateOf(s)), method.MaxState)
	}
	return s, err
}

func stateOf(s method.Step) []byte {
	switch s := s.(type) {
	case method.Show:
		return s.State
	case method.Redirect:
		return s.State
	case method.PostForm:
		return s.State
	}
	return nil
}

// negotiate returns the token of `Authorization: Negotiate` (RFC 4559 §4.2).
func (s *dispatcher) negotiate(c *web.Call) []byte {
	scheme, token, ok := strings.Cut(c.Request.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Negotiate") {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(token))
	if err != nil || len(b) == 0 {
		return nil
	}
	return b
}

// account returns the account of this step, and the name under which guesses at it are counted. The name is the user id
// or, for an unknown account, the normalized input: all spellings share one counter, and an unknown name is counted
// like a known one. Both are empty if the method takes no login name.
func (s *dispatcher) account(
	c *web.Call, input LoginInput, m *method.Configured, pend *pending,
) (*store.User, string, error) {
	if pend.User != "" {
		u, err := s.users.User(c.Ctx(), pend.User)
		if errors.Is(err, store.ErrNotFound) {
			return nil, pend.User, nil
		} else if err != nil {
			return nil, "", fmt.Errorf("reading the account: %w", err)
		}
		return &u, u.ID, nil
	}
	if _, ok := m.Method.(method.LoginNamer); !ok && MailProof(m) == nil {
		return nil, pend.Login, nil
	}
	if input.Login == "" && pend.Login != "" || MailProof(m) != nil {
		input.Login = pend.Login // by mail: always the address that the message went to
	}
	// An impossible name is looked up, counted and hashed like any other, so that timing reveals nothing.
	login, _ := accounts.NormalizeLogin(input.Login)
	if login = problem.Bounded(login, 512); login == "" {
		login = " " // never matches an account without an address
	}
	u, err := s.users.FindUser(c.Ctx(), login)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, login, nil
	case err != nil:
		return nil, "", fmt.Errorf("finding the account: %w", err)
	}
	return &u, u.ID, nil
}
