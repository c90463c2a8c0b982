package authportal

import (
	"context"
	"fmt"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// proven is a sign-in after a proof that was right: what the requirements judge.
type proven struct {
	user   store.User
	method string // that proved last
	proofs []store.Proof
	creds  []credRef
	in     *intent
	try    try
	pend   *pending
}

// requirement is something that a sign-in needs beyond one right proof.
type requirement struct {
	missing func(*call, *proven) (bool, error)
	ask     func(*call, *proven) (*outcome, error)
}

// requirements are asked in this order after every proof. The first that is missing decides what comes next; where none
// is, the sign-in is complete.
func (p *Portal) requirements() []requirement {
	return []requirement{
		{missing: (*call).notAllowed, ask: (*call).tellWhy},
		{missing: (*call).noSecondFactor, ask: (*call).askFactors},
		{missing: (*call).nothingEnrolled, ask: (*call).refuseUnenrolled},
		{missing: (*call).passwordDue, ask: (*call).askNewPassword},
	}
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

func (c *call) notAllowed(s *proven) (bool, error) { return c.p.missing(&s.user) != nil, nil }

func (c *call) tellWhy(s *proven) (*outcome, error) {
	err := c.p.missing(&s.user)
	c.refused(&s.user, s.method, problemOf(err).Code)
	return nil, err
}

// noSecondFactor: a factor that the account has is always asked for, so the `mfa` of a rule adds nothing here. Who has
// none is signed in, and told by the login page what the rule wants. The `fresh` of a rule is met by the proof just
// given.
func (c *call) noSecondFactor(s *proven) (bool, error) {
	if c.p.strong(s.proofs) {
		return false, nil
	}
	factors, err := c.p.factors(c.ctx(), &s.user)
	return len(factors) > 0, err
}

func (c *call) askFactors(s *proven) (*outcome, error) {
	factors, err := c.p.factors(c.ctx(), &s.user)
	if err != nil {
		return nil, err
	}
	next := s.next()
	next.User, next.Version = s.user.ID, s.user.Version
	return c.offerFactors(factors, next, s.try, s.in)
}

// next is what is kept of a sign-in that goes on with something other than the method's own next step.
func (s *proven) next() *pending {
	next := s.pend.next("", &s.user, nil, s.try)
	next.Proofs, next.Creds = s.proofs, s.creds
	return next
}

// offerFactors asks for one of the factors. The first begins on the page at once, so that its form is there; a program
// chooses by itself.
func (c *call) offerFactors(factors []method.Configured, next *pending, t try, in *intent) (*outcome, error) {
	token, err := c.keepPending(next)
	if err != nil {
		return nil, err
	}
	if !c.api {
		t = try{Method: factors[0].Name, Step: token, To: t.To, Flow: t.Flow, Remember: t.Remember}
		out, err := c.step(t, &factors[0], next, in)
		switch {
		case err == nil && out.Step != nil && out.Choose == "":
			out.Factors = factors
			return out, nil
		case err == nil && (len(factors) == 1 || out.Live != nil):
			return out, nil
		case weFailed(err):
			c.p.log.WarnContext(c.ctx(), "a second factor could not begin", "method", factors[0].Name, "error", err)
		}
		if token, err = c.keepPending(next); err != nil { // the choice, as it was
			return nil, err
		}
	}
	return &outcome{Factors: factors, Step: &pages.Step{Token: token}}, nil
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

// nothingEnrolled: `mfa { require }` wants a second factor of accounts that have none.
func (c *call) nothingEnrolled(s *proven) (bool, error) {
	return c.p.set.MFA.requires(c.p.expand(s.user.Roles)) && !c.p.strong(s.proofs), nil
}

func (c *call) refuseUnenrolled(s *proven) (*outcome, error) {
	c.refused(&s.user, s.method, problem.SecondFactor.Code)
	return nil, problem.SecondFactor
}

func (c *call) passwordDue(s *proven) (bool, error) { return s.user.MustChangePassword, nil }

func (c *call) askNewPassword(s *proven) (*outcome, error) { return c.askNew(&s.user, s.next(), s.in) }

// strong reports whether two factors stand behind a sign-in: two different methods, the later one a second factor, or
// one proof that is worth two.
func (p *Portal) strong(proofs []store.Proof) bool {
	for i := range proofs {
		if proofs[i].Factors() > 1 {
			return true
		}
		for j := range i {
			if proofs[i].Method != proofs[j].Method && p.isFactor(proofs[i].Method) {
				return true
			}
		}
	}
	return false
}

func (p *Portal) isFactor(name string) bool {
	i := slices.IndexFunc(p.methods, func(m method.Configured) bool { return m.Name == name })
	if i < 0 {
		return false
	}
	_, ok := p.methods[i].Method.(method.SecondFactor)
	return ok
}
