package authportal

import (
	"crypto/subtle"
	"errors"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// callback ends a sign-in on the host where it began: the portal sends the browser here with a code. Host and browser are
// judged before the ticket is taken. Whoever gets hold of the address without the browser's mark gains nothing by it, and
// takes nothing from its owner; whoever is given one (login CSRF) is not signed in as somebody else.
func (c *call) callback() error {
	if err := c.mustHTTPS(); err != nil {
		return err
	}
	k := &code{}
	if !c.p.unseal(sealCode, c.r.URL.Query().Get("code"), k) {
		return c.startOver(goal{To: "/"})
	}
	if k.Host != c.v.Host {
		return c.startOver(goal{To: "/", Again: k.Again})
	}
	mark, ok := c.haveMark(cookieFlow)
	if !ok || subtle.ConstantTimeCompare(markHash(mark), k.Mark) != 1 {
		return c.startOver(k.goal)
	}
	h, err := c.redeem(k)
	if err != nil {
		return err
	}
	if h == nil {
		return c.startOver(k.goal)
	}
	ok, err = c.enter(k, h)
	if err != nil {
		return err
	}
	if !ok { // the sign-in has ended since
		return c.startOver(k.goal)
	}
	return c.redirect(returnAddress(k.To))
}

// enter opens the session of this host below the sign-in that was handed over, or gives the one that this browser has of
// it a new secret; false where that sign-in has ended.
func (c *call) enter(k *code, h *handoff) (bool, error) {
	have, err := c.session()
	if err != nil {
		return false, err
	}
	if have != nil && have.Session.RootID() == h.Parent && have.Session.UserID == h.User {
		if !h.Proven {
			return true, nil // another tab was here first
		}
		err := c.renew(latest(have.Session.Proofs))
		if err == nil || !errors.Is(err, store.ErrNotFound) {
			return err == nil, err
		}
		// another tab renewed it at the same time; this one gets a session of its own
	}
	_, err = c.openChild(h.Parent, h.User)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	c.retire(have, h.User, k.Began)
	return true, nil
}

// startOver leads whoever comes with a code that opens nothing to the page they wanted, if they are signed in already
// (a reloaded page, a second tab), or back to the beginning, once.
func (c *call) startOver(g goal) error {
	live, err := c.session()
	if err != nil {
		return err
	}
	g.Host = c.v.Host
	if live != nil && (&intent{goal: g, sealed: true}).satisfied(c.p, live) {
		return c.redirect(returnAddress(g.To))
	}
	g.Origin, g.Base = "", c.v.Base
	to, err := c.anew(g)
	if err != nil {
		c.emit(Event{Kind: EventSignIn, Result: ResultRefused, Reason: problem.SignInBroken.Code})
		return err
	}
	return c.redirect(to)
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
