package authportal

import (
	"github.com/gatehouse-auth/gatehouse/authportal/method"
)

// identified goes on with the account of an outside identity. Which that is the accounts decide, never the method.
func (c *call) identified(x *attempt, t try, pend *pending, in *intent, id method.Identity) (*outcome, error) {
	r := IdentityRequest{Method: x.m.Name, Options: x.m.Options, Identity: id,
		Actor: Actor{Address: address(c.v), Host: c.v.Host, Base: c.v.Origin + c.v.Base}}
	switch {
	case pend.Purpose == method.Link:
		r.Owner, r.Actor.ID = x.user, x.user.ID
	case pend.User != "":
		r.Options.SignUp = "off" // a further proof of an account that is there
	}
	u, cred, err := c.p.accounts.ForIdentity(c.ctx(), r)
	if err == nil || weFailed(err) {
		x.guess.giveBack()
	}
	if err != nil {
		if !weFailed(err) {
			c.refused(x.user, x.m.Name, problemOf(err).Code)
			c.dropPending(pend.Token)
		}
		return nil, err
	}
	if pend.Purpose == method.Link {
		c.dropPending(pend.Token)
		return &outcome{Added: &added{Kind: cred.Kind, ID: cred.ID}}, nil
	}
	return c.accept(t, x.m, pend, in,
		method.Proven{User: u, Kind: cred.Kind, ID: cred.ID, Version: cred.Version, Level: x.m.Options.Level(&id)})
}
