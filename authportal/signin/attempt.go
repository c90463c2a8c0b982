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

// attempt is one step of a method that is about to be taken.
type attempt struct {
	method.Attempt
	m      *method.Configured
	user   *store.User // as it was found; the method may not change it
	token  string      // that the sign-in has after this step, unless its answer is a provider's
	begins bool
	guess  *Guess // nil: nothing can be guessed at by it
}

// FactorBegins bounds how often somebody who has the password makes second factors begin: some send mail.
var FactorBegins = settings.Limit{Count: 30, Window: 10 * time.Minute}

// attempt finds whom a try is about, counts it, and puts together what the method may know of it.
func (s *dispatcher) attempt(c *web.Call, t LoginInput, m *method.Configured, pend *pending) (*attempt, error) {
	x := &attempt{m: m, token: pend.Token}
	var account string
	var err error
	if x.user, account, err = s.account(c, t, m, pend); err != nil {
		return nil, err
	}
	if (len(pend.Proofs) > 0 || pend.adds()) && (x.user == nil || s.callers.missing(x.user) != nil || x.user.Version != pend.Version) {
		return nil, problem.StepExpired // the account has changed since the first proof: what was begun before does not finish
	}
	if !pend.Away {
		if x.token, err = s.pendings.pendingToken(); err != nil {
			return nil, err
		}
	}
	switch {
	case pend.adds():
		x.begins = !pend.Begun
	case t.Step == "":
		x.begins = account == ""
	case pend.choosesFactor() && (pend.Method != m.Name || !pend.Begun):
		x.begins = !t.Answers
	}
	x.Attempt = method.Attempt{Purpose: pend.Purpose, Token: x.token, Identifier: problem.Bounded(t.Login, 512), User: x.user,
		Field: t.Field, JSON: t.JSON, Query: t.Query, Negotiate: s.negotiate(c), TLS: c.Request.TLS, Address: c.Visit.Addr, Host: c.Visit.Host,
		Return: c.Visit.Origin + c.Visit.Base + "/callback/" + url.PathEscape(m.Name), Now: s.now()}
	if pend.Method == m.Name {
		x.State = pend.State
	}
	if x.Field == nil {
		x.Field = func(string) string { return "" }
	}
	if x.JSON == nil {
		x.JSON = func(string) json.RawMessage { return nil }
	}
	return x, s.countAttempt(c, x, account, pend)
}

// countAttempt counts what can be guessed at, before anything is checked.
func (s *dispatcher) countAttempt(c *web.Call, x *attempt, account string, pend *pending) (err error) {
	switch {
	case x.begins && pend.User != "":
		err = s.guard.NewGuess(c).Count("factor begin", pend.User, FactorBegins)
	case x.begins && x.Negotiate == nil:
		return nil
	case x.begins:
		x.guess, err = s.guard.Guess(c, "")
	default:
		if x.guess, err = s.guard.Guess(c, account); err == nil && MailProof(x.m) != nil {
			err = x.guess.atLetter(pend.State)
		}
	}
	if err != nil && !problem.IsFault(err) {
		s.refused(c, x.user, x.m.Name, problem.Of(err).Code)
	}
	return err
}

// take calls the method.
func (x *attempt) take(ctx context.Context) (method.Step, error) {
	do := x.m.Method.Continue
	if x.begins {
		do = x.m.Method.Begin
	}
	s, err := do(ctx, &x.Attempt)
	if err == nil && len(stateOf(s)) > method.MaxState {
		return nil, fmt.Errorf("its state has %d bytes, at most %d can be kept", len(stateOf(s)), method.MaxState)
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

// account finds whom the try is about, and the name that guesses at it count under: the id of the account, or what was
// typed in its normal spelling, so that all spellings share one counter and an unknown name counts like a known one.
// Both are empty where the method asks for no name.
func (s *dispatcher) account(c *web.Call, t LoginInput, m *method.Configured, pend *pending) (*store.User, string, error) {
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
	if t.Login == "" && pend.Login != "" || MailProof(m) != nil {
		t.Login = pend.Login // of a letter: the address that it went to, whatever is sent now
	}
	// What no account can be called is looked up, counted and hashed like any other name all the same.
	login, _ := accounts.NormalizeLogin(t.Login)
	if login = problem.Bounded(login, 512); login == "" {
		login = " " // never the account that happens to have no address
	}
	u, err := s.users.FindUser(c.Ctx(), login)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, login, nil
	case err != nil:
		return nil, "", fmt.Errorf("looking for the account: %w", err)
	}
	return &u, u.ID, nil
}
