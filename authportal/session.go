package authportal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// caller is who asks.
type caller struct {
	live     *store.Live // nil: nobody is signed in
	viaToken bool        // by an API token, so there is no session to end or to prove
}

// Session returns the session that the request carries for this visit, nil where there is none. A session belongs to a
// host: its cookie shown at another one opens nothing. An error means that the store failed, never that nobody is signed in.
func (p *Portal) Session(ctx context.Context, r *http.Request, v *Visit) (*store.Live, error) {
	key, ok := SessionKey(r, v.Secure)
	if !ok {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	l, err := p.sessions.Session(ctx, key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading the session: %w", err)
	case l.Session.Host != v.Host || !l.Identity.Active || l.Session.Expired(p.now()):
		return nil, nil
	}
	return &l, nil
}

// caller looks up who asks, once per call. On the API a token of ours in Authorization is judged before the cookie, and
// a bad one is refused rather than passed over.
func (c *call) caller() (*caller, error) {
	if c.me != nil {
		return c.me, nil
	}
	me := &caller{}
	if token, ok := c.sentToken(); ok && c.api {
		l, err := c.p.CheckToken(c.ctx(), token)
		if err != nil {
			if errors.Is(err, errInvalidToken) {
				c.p.AccessRefused(c.ctx(), nil, errInvalidToken.Code, c.v.Addr, c.v.Host)
			}
			return nil, err
		}
		me.live, me.viaToken = l, true
	} else {
		l, err := c.p.Session(c.ctx(), c.r, c.v)
		if err != nil {
			return nil, err
		}
		me.live = l
		c.use(me)
		c.offer(l)
	}
	c.me = me
	return me, nil
}

// touchAfter is how far a session's last use may lag behind.
const touchAfter = time.Minute

// use notes that the session was used: who reads their account is not idle.
func (c *call) use(me *caller) {
	if me.live == nil || c.p.now().Sub(me.live.Session.LastSeen) < touchAfter {
		return
	}
	if err := c.p.sessions.TouchSessions(c.ctx(), []store.Use{{Key: me.live.Session.Key, Seen: c.p.now()}}); err != nil {
		c.p.log.WarnContext(c.ctx(), "could not note the use of a session", "user_id", me.live.Session.UserID, "error", err)
	}
}

// session returns the session of whoever asks, nil where nobody is signed in.
func (c *call) session() (*store.Live, error) {
	me, err := c.caller()
	if err != nil || me.viaToken {
		return nil, err
	}
	return me.live, nil
}

// mustSession returns the session of whoever asks, or the problem login_required. An API token is no session: what
// changes an account needs the person.
func (c *call) mustSession() (*store.Live, error) {
	me, err := c.caller()
	switch {
	case err != nil:
		return nil, err
	case me.viaToken:
		return nil, errForbidden
	case me.live == nil:
		return nil, errLoginRequired
	}
	return me.live, nil
}

// freshFor is how young a sign-in must be to change what it rests on.
const freshFor = 10 * time.Minute

// mustFresh is mustSession for a sign-in of the last ten minutes, else the problem fresh_login_required.
func (c *call) mustFresh() (*store.Live, error) {
	l, err := c.mustSession()
	if err == nil && !c.p.Meets(&l.Session, Demand{Fresh: freshFor}) {
		err = errFreshRequired
	}
	return l, err
}

// mustUser returns the account behind the session, as stored now, or the problem login_required.
func (c *call) mustUser() (*store.Live, store.User, error) {
	l, err := c.mustSession()
	if err != nil {
		return nil, store.User{}, err
	}
	u, err := c.p.users.User(c.ctx(), l.Identity.UserID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, u, errLoginRequired // deleted; the session ends as soon as the relay has told
	case err != nil:
		return nil, u, fmt.Errorf("reading the account: %w", err)
	case !u.Identity().Active:
		return nil, u, errLoginRequired
	}
	return l, u, nil
}

// Meets tells whether the proofs of a session satisfy the demand now.
func (p *Portal) Meets(s *store.Session, d Demand) bool {
	if d.MFA && !p.strong(s.Proofs) {
		return false
	}
	return d.Fresh <= 0 || p.now().Sub(lastProof(s.Proofs)) < d.Fresh
}

// lastProof returns when the person last showed who they are; the zero time if never.
func lastProof(proofs []store.Proof) time.Time {
	var t time.Time
	for i := range proofs {
		if proofs[i].At.After(t) {
			t = proofs[i].At
		}
	}
	return t
}

func address(v *Visit) string {
	if !v.Addr.IsValid() {
		return ""
	}
	return v.Addr.Unmap().WithZone("").String()
}
