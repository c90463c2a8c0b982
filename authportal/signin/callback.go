package signin

import (
	"crypto/subtle"
	"errors"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// callback ends a sign-in on the host where it began: the portal sends the browser here with a code. Host and browser are
// judged before the ticket is taken. Whoever gets hold of the address without the browser's mark gains nothing by it, and
// takes nothing from its owner; whoever is given one (login CSRF) is not signed in as somebody else.
func (s *flows) callback(c *web.Call) error {
	if err := s.guard.MustHTTPS(c); err != nil {
		return err
	}
	k := &Code{}
	if !s.Unseal(SealCode, c.Request.URL.Query().Get("code"), k) {
		return s.startOver(c, ReturnTo{To: "/"})
	}
	if k.Host != c.Visit.Host {
		return s.startOver(c, ReturnTo{To: "/", Again: k.Again})
	}
	mark, ok := s.callers.haveMark(c, web.CookieFlow)
	if !ok || subtle.ConstantTimeCompare(markHash(mark), k.Mark) != 1 {
		return s.startOver(c, k.ReturnTo)
	}
	h, err := s.redeem(c, k)
	if err != nil {
		return err
	}
	if h == nil {
		return s.startOver(c, k.ReturnTo)
	}
	ok, err = s.enter(c, k, h)
	if err != nil {
		return err
	}
	if !ok { // the sign-in has ended since
		return s.startOver(c, k.ReturnTo)
	}
	return c.Redirect(web.ReturnAddress(k.To))
}

// enter opens the session of this host below the sign-in that was handed over, or gives the one that this browser has of
// it a new secret; false where that sign-in has ended.
func (s *flows) enter(c *web.Call, k *Code, h *handoff) (bool, error) {
	have, err := s.callers.session(c)
	if err != nil {
		return false, err
	}
	if have != nil && have.Session.RootID() == h.Parent && have.Session.UserID == h.User {
		if !h.Proven {
			return true, nil // another tab was here first
		}
		err := s.callers.Renew(c, latest(have.Session.Proofs))
		if err == nil || !errors.Is(err, store.ErrNotFound) {
			return err == nil, err
		}
		// another tab renewed it at the same time; this one gets a session of its own
	}
	_, err = s.callers.openChild(c, h.Parent, h.User)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	s.callers.retire(c, have, h.User, k.Began)
	return true, nil
}

// startOver leads whoever comes with a code that opens nothing to the page they wanted, if they are signed in already
// (a reloaded page, a second tab), or back to the beginning, once.
func (s *flows) startOver(c *web.Call, g ReturnTo) error {
	live, err := s.callers.session(c)
	if err != nil {
		return err
	}
	g.Host = c.Visit.Host
	if live != nil && (&LoginRequest{ReturnTo: g, sealed: true}).satisfied(s, live) {
		return c.Redirect(web.ReturnAddress(g.To))
	}
	g.Origin, g.Base = "", c.Visit.Base
	to, err := s.anew(c, g)
	if err != nil {
		c.Emit(audit.Event{Kind: audit.EventSignIn, Result: audit.ResultRefused, Reason: problem.SignInBroken.Code})
		return err
	}
	return c.Redirect(to)
}

func latest(proofs []store.Proof) store.Proof {
	var last store.Proof
	for _, p := range proofs {
		if !p.At.Before(last.At) {
			last = p
		}
	}
	return last
}
