package signin

import (
	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// identified continues with the account of an outside identity. The accounts package decides which one that is, never
// the method.
func (s *dispatcher) identified(
	c *web.Call, a *attempt, input LoginInput, pend *pending, request *LoginRequest, id method.Identity,
) (*LoginResult, error) {
	r := accounts.IdentityRequest{Method: a.m.Name, Options: a.m.Options, Identity: id,
		Actor: accounts.Actor{Address: web.Address(c.Visit), Host: c.Visit.Host, Base: c.Visit.Origin + c.Visit.Base}}
	switch {
	case pend.Purpose == method.Link:
		r.Owner, r.Actor.ID = a.user, a.user.ID
	case pend.User != "":
		r.Options.SignUp = "off" // a further proof must not create an account
	}
	u, cred, err := s.accounts.ForIdentity(c.Ctx(), r)
	if err == nil || problem.IsFault(err) {
		a.guess.GiveBack()
	}
	if err != nil {
		if !problem.IsFault(err) {
			s.emitRefusal(c, a.user, a.m.Name, problem.Of(err).Code)
			s.pendings.dropPending(c, pend.Token)
		}
		return nil, err
	}
	if pend.Purpose == method.Link {
		s.pendings.dropPending(c, pend.Token)
		return &LoginResult{Added: &added{Kind: cred.Kind, ID: cred.ID}}, nil
	}
	return s.accept(c, input, a.m, pend, request,
		method.Proven{User: u, Kind: cred.Kind, ID: cred.ID, Version: cred.Version, Level: a.m.Options.Level(&id)})
}
