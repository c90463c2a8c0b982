package signin

import (
	"crypto/subtle"
	"errors"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// callback ends a sign-in on the host where it began: the portal redirects the browser here with a code. Host and
// browser are verified before the code is used up. A stolen code is useless without the browser's flow cookie, and
// trying it does not take it from its owner. A code that an attacker plants in another browser signs nobody in (login
// CSRF).
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
	if !ok { // the parent session has ended
		return s.startOver(c, code.ReturnTo)
	}
	return c.Redirect(web.ReturnAddress(code.To))
}

// openHostSession opens this host's child of the parent session that was handed over. If the browser already has that
// child, it gets a new secret instead. It returns false if the parent session has ended.
func (s *flows) openHostSession(c *web.Call, code *Code, h *handoff) (bool, error) {
	current, err := s.callers.session(c)
	if err != nil {
		return false, err
	}
	if current != nil && current.Session.RootID() == h.Parent && current.Session.UserID == h.User {
		if !h.Proven {
			return true, nil // another tab finished first
		}
		err := s.callers.Renew(c, latestProof(current.Session.Proofs))
		if err == nil || !errors.Is(err, store.ErrNotFound) {
			return err == nil, err
		}
		// Another tab renewed it at the same time; open a new session for this one.
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

// startOver handles a code that cannot be used, as after a reload or in a second tab. A browser that is signed in goes
// to its return URL; any other starts the sign-in again, once.
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
