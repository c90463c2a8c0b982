package signin

import (
	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// identified goes on with the account of an outside identity. Which that is the accounts decide, never the method.
func (s *dispatcher) identified(c *web.Call, x *attempt, t LoginInput, pend *pending, in *LoginRequest, id method.Identity) (*LoginResult, error) {
	r := accounts.IdentityRequest{Method: x.m.Name, Options: x.m.Options, Identity: id,
		Actor: accounts.Actor{Address: web.Address(c.Visit), Host: c.Visit.Host, Base: c.Visit.Origin + c.Visit.Base}}
	switch {
	case pend.Purpose == method.Link:
		r.Owner, r.Actor.ID = x.user, x.user.ID
	case pend.User != "":
		r.Options.SignUp = "off" // a further proof of an account that is there
	}
	u, cred, err := s.accounts.ForIdentity(c.Ctx(), r)
	if err == nil || problem.IsFault(err) {
		x.guess.GiveBack()
	}
	if err != nil {
		if !problem.IsFault(err) {
			s.refused(c, x.user, x.m.Name, problem.Of(err).Code)
			s.pendings.dropPending(c, pend.Token)
		}
		return nil, err
	}
	if pend.Purpose == method.Link {
		s.pendings.dropPending(c, pend.Token)
		return &LoginResult{Added: &added{Kind: cred.Kind, ID: cred.ID}}, nil
	}
	return s.accept(c, t, x.m, pend, in,
		method.Proven{User: u, Kind: cred.Kind, ID: cred.ID, Version: cred.Version, Level: x.m.Options.Level(&id)})
}
