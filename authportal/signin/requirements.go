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

// proven is a sign-in after a proof that was right: what the requirements judge.
type proven struct {
	user    store.User
	method  string // that proved last
	proofs  []store.Proof
	creds   []credRef
	request *LoginRequest
	input   LoginInput
	pend    *pending
}

// requirement is something that a sign-in needs beyond one right proof.
type requirement struct {
	missing func(*web.Call, *proven) (bool, error)
	ask     func(*web.Call, *proven) (*LoginResult, error)
}

// requirements are asked in this order after every proof. The first that is missing decides what comes next; where none
// is, the sign-in is complete.
func (s *dispatcher) requirements() []requirement {
	return []requirement{
		{missing: s.isDenied, ask: s.refuseDenied},
		{missing: s.lacksFactor, ask: s.askFactors},
		{missing: s.mustEnrol, ask: s.refuseUnenrolled},
		{missing: s.mustChangePassword, ask: s.askNewPassword},
	}
}

// missing says why an account may not sign in although the person is its owner.
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

// noSecondFactor: a factor that the account has is always asked for, so the `mfa` of a rule adds nothing here. Who has
// none is signed in, and told by the login page what the rule wants. The `fresh` of a rule is met by the proof just
// given.
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

// next is what is kept of a sign-in that goes on with something other than the method's own next step.
func (s *proven) next() *pending {
	next := s.pend.next("", &s.user, nil, s.input)
	next.Proofs, next.Creds = s.proofs, s.creds
	return next
}

// offerFactors asks for one of the factors. The first begins on the page at once, so that its form is there; a program
// chooses by itself.
func (s *dispatcher) offerFactors(c *web.Call, factors []method.Configured, next *pending, input LoginInput, request *LoginRequest) (*LoginResult, error) {
	token, err := s.pendings.keepPending(c, next)
	if err != nil {
		return nil, err
	}
	if !c.API {
		input = LoginInput{Method: factors[0].Name, Step: token, To: input.To, Flow: input.Flow, Remember: input.Remember}
		result, err := s.step(c, input, &factors[0], next, request)
		switch {
		case err == nil && result.Step != nil && result.NewPasswordFor == "":
			result.Factors = factors
			return result, nil
		case err == nil && (len(factors) == 1 || result.Session != nil):
			return result, nil
		case problem.IsFault(err):
			s.log.WarnContext(c.Ctx(), "a second factor could not begin", "method", factors[0].Name, "error", err)
		}
		if token, err = s.pendings.keepPending(c, next); err != nil { // the choice, as it was
			return nil, err
		}
	}
	return &LoginResult{Factors: factors, Step: &pages.Step{Token: token}}, nil
}

// factors returns the configured second factors that the account can use.
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

// nothingEnrolled: `mfa { require }` wants a second factor of accounts that have none.
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

// strong reports whether two factors stand behind a sign-in: two different methods, the later one a second factor, or
// one proof that is worth two.
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
