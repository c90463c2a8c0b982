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
	code := &Code{}
	if !s.Unseal(SealCode, c.Request.URL.Query().Get("code"), code) {
		return s.startOver(c, ReturnTo{To: "/"})
	}
	if code.Host != c.Visit.Host {
		return s.startOver(c, ReturnTo{To: "/", Again: code.Again})
	}
	secret, ok := s.callers.browserCookie(c, web.CookieFlow)
	if !ok || subtle.ConstantTimeCompare(cookieHash(secret), code.CookieHash) != 1 {
		return s.startOver(c, code.ReturnTo)
	}
	h, err := s.redeem(c, code)
	if err != nil {
		return err
	}
	if h == nil {
		return s.startOver(c, code.ReturnTo)
	}
	ok, err = s.openHostSession(c, code, h)
	if err != nil {
		return err
	}
	if !ok { // the sign-in has ended since
		return s.startOver(c, code.ReturnTo)
	}
	return c.Redirect(web.ReturnAddress(code.To))
}

// enter opens the session of this host below the sign-in that was handed over, or gives the one that this browser has of
// it a new secret; false where that sign-in has ended.
func (s *flows) openHostSession(c *web.Call, code *Code, h *handoff) (bool, error) {
	current, err := s.callers.session(c)
	if err != nil {
		return false, err
	}
	if current != nil && current.Session.RootID() == h.Parent && current.Session.UserID == h.User {
		if !h.Proven {
			return true, nil // another tab was here first
		}
		err := s.callers.Renew(c, latestProof(current.Session.Proofs))
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
	s.callers.endReplacedSession(c, current, h.User, code.Began)
	return true, nil
}

// startOver leads whoever comes with a code that opens nothing to the page they wanted, if they are signed in already
// (a reloaded page, a second tab), or back to the beginning, once.
func (s *flows) startOver(c *web.Call, returnTo ReturnTo) error {
	active, err := s.callers.session(c)
	if err != nil {
		return err
	}
	returnTo.Host = c.Visit.Host
	if active != nil && (&LoginRequest{ReturnTo: returnTo, sealed: true}).satisfiedBy(s, active) {
		return c.Redirect(web.ReturnAddress(returnTo.To))
	}
	returnTo.Origin, returnTo.Base = "", c.Visit.Base
	to, err := s.restart(c, returnTo)
	if err != nil {
		c.Emit(audit.Event{Kind: audit.EventSignIn, Result: audit.ResultRefused, Reason: problem.SignInBroken.Code})
		return err
	}
	return c.Redirect(to)
}

func latestProof(proofs []store.Proof) store.Proof {
	var last store.Proof
	for _, p := range proofs {
		if !p.At.Before(last.At) {
			last = p
		}
	}
	return last
}
