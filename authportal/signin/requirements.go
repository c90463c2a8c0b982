package signin

import (
	"context"
	"fmt"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// proven is a sign-in after a valid proof, which the requirements judge.
type proven struct {
	user    store.User
	method  string // of the latest proof
	proofs  []store.Proof
	creds   []credRef
	request *LoginRequest
	input   LoginInput
	pend    *pending
}

// requirement is something that a sign-in needs besides one valid proof.
type requirement struct {
	missing func(*web.Call, *proven) (bool, error)
	ask     func(*web.Call, *proven) (*LoginResult, error)
}

// requirements are checked in this order after every proof. The first missing one decides what comes next; if none is
// missing, the sign-in is complete.
func (s *dispatcher) requirements() []requirement {
	return []requirement{
		{missing: s.isDenied, ask: s.refuseDenied},
		{missing: s.lacksFactor, ask: s.askFactors},
		{missing: s.mustEnrol, ask: s.refuseUnenrolled},
		{missing: s.mustChangePassword, ask: s.askNewPassword},
	}
}

// denialReason returns the problem that keeps an authenticated owner from signing in, or nil.
func (s *callers) denialReason(u *store.User) error {
	switch {
	case !u.Enabled:
		return problem.Disabled
	case s.settings.ConfirmEmail && u.Email != "" && !u.Confirmed:
		return problem.Unconfirmed
	case !u.Approved:
		return problem.Unapproved
	}
	return nil
}

func (s *dispatcher) isDenied(c *web.Call, done *proven) (bool, error) {
	return s.callers.denialReason(&done.user) != nil, nil
}

func (s *dispatcher) refuseDenied(c *web.Call, done *proven) (*LoginResult, error) {
	err := s.callers.denialReason(&done.user)
	s.emitRefusal(c, &done.user, done.method, problem.Of(err).Code)
	return nil, err
}

// lacksFactor reports whether the account has a second factor that was not proved. It is always asked for, so a rule's
// `mfa` adds nothing here. An account without one is signed in, and the login page explains the rule's demand. The
// proof just given satisfies a rule's `fresh`.
func (s *dispatcher) lacksFactor(c *web.Call, done *proven) (bool, error) {
	if s.callers.strong(done.proofs) {
		return false, nil
	}
	factors, err := s.factors(c.Ctx(), &done.user)
	return len(factors) > 0, err
}

func (s *dispatcher) askFactors(c *web.Call, done *proven) (*LoginResult, error) {
	factors, err := s.factors(c.Ctx(), &done.user)
	if err != nil {
		return nil, err
	}
	next := done.next()
	next.User, next.Version = done.user.ID, done.user.Version
	return s.offerFactors(c, factors, next, done.input, done.request)
}

// next returns the pending sign-in for a step other than the method's own next one.
func (s *proven) next() *pending {
	next := s.pend.next("", &s.user, nil, s.input)
	next.Proofs, next.Creds = s.proofs, s.creds
	return next
}

// offerFactors asks for one of the factors. On a page the first begins at once, so that its form is there; an API
// client chooses.
func (s *dispatcher) offerFactors(
	c *web.Call, factors []method.Configured, next *pending, input LoginInput, request *LoginRequest,
) (*LoginResult, error) {
	token, err := s.pendings.keepPending(c, next)
	if err != nil {
		return nil, err
	}
	if !c.API {
		input = LoginInput{Method: factors[0].Name, Step: token, To: input.To, Flow: input.Flow,
			Remember: input.Remember}
		result, err := s.step(c, input, &factors[0], next, request)
		switch {
		case err == nil && result.Step != nil && result.NewPasswordFor == "":
			result.Factors = factors
			return result, nil
		case err == nil && (len(factors) == 1 || result.Session != nil):
			return result, nil
		case problem.IsFault(err):
			s.log.WarnContext(c.Ctx(), "beginning a second factor failed", "method", factors[0].Name, "error", err)
		}
		if token, err = s.pendings.keepPending(c, next); err != nil { // keep the choice
			return nil, err
		}
	}
	return &LoginResult{Factors: factors, Step: &pages.Step{Token: token}}, nil
}

// factors returns the configured second factors that the account has enrolled.
func (s *dispatcher) factors(ctx context.Context, u *store.User) ([]method.Configured, error) {
	var out []method.Configured
	for _, m := range s.methods {
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

// mustEnrol reports whether `mfa { require }` demands a second factor that the account does not have.
func (s *dispatcher) mustEnrol(c *web.Call, done *proven) (bool, error) {
	return s.settings.MFA.Requires(s.expandRoles(done.user.Roles)) && !s.callers.strong(done.proofs), nil
}

func (s *dispatcher) refuseUnenrolled(c *web.Call, done *proven) (*LoginResult, error) {
	s.emitRefusal(c, &done.user, done.method, problem.SecondFactor.Code)
	return nil, problem.SecondFactor
}

func (s *dispatcher) mustChangePassword(c *web.Call, done *proven) (bool, error) {
	return done.user.MustChangePassword, nil
}

func (s *dispatcher) askNewPassword(c *web.Call, done *proven) (*LoginResult, error) {
	return s.requestNewPassword(c, &done.user, done.next(), done.request)
}

// strong reports whether a sign-in used two factors: two different methods, the later one a second factor, or one proof
// that counts as two.
func (s *callers) strong(proofs []store.Proof) bool {
	for i := range proofs {
		if proofs[i].Factors() > 1 {
			return true
		}
		for j := range i {
			if proofs[i].Method != proofs[j].Method && s.isFactor(proofs[i].Method) {
				return true
			}
		}
	}
	return false
}

func (s *callers) isFactor(name string) bool {
	i := slices.IndexFunc(s.methods, func(m method.Configured) bool { return m.Name == name })
	if i < 0 {
		return false
	}
	_, ok := s.methods[i].Method.(method.SecondFactor)
	return ok
}
