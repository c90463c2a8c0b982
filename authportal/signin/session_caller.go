package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Session returns the session of the request on this host, nil without one. A cookie of another host's session is worth
// nothing here. An error means that the store failed, never that the caller is signed out.
func (s *callers) Session(ctx context.Context, r *http.Request, v *web.Visit) (*store.ActiveSession, error) {
	key, ok := web.SessionKey(r, v.Secure)
	if !ok {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.sessionWait)
	defer cancel()
	l, err := s.sessions.Session(ctx, key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading the session: %w", err)
	case l.Session.Host != v.Host || !l.Identity.Active || l.Session.Expired(s.now()):
		return nil, nil
	}
	return &l, nil
}

// Caller identifies the caller, once per call. On the API a token of ours in Authorization is checked before the
// cookie, and a bad one is refused rather than ignored.
func (s *callers) Caller(c *web.Call) (*web.Caller, error) {
	if c.Caller != nil {
		return c.Caller, nil
	}
	me := &web.Caller{}
	if token, _, ok := TokenOf(c.Request.Header["Authorization"], c.Visit.Site.Basic); ok && c.API {
		active, err := s.CheckToken(c.Ctx(), token)
		if err != nil {
			if errors.Is(err, problem.InvalidToken) {
				s.AccessRefused(c.Ctx(), nil, problem.InvalidToken.Code, c.Visit.Addr, c.Visit.Host)
			}
			return nil, err
		}
		me.Live, me.ViaToken = active, true
	} else {
		active, err := s.Session(c.Ctx(), c.Request, c.Visit)
		if err != nil {
			return nil, err
		}
		me.Live = active
		s.touch(c, me)
		s.offerNextSecret(c, active)
	}
	c.Caller = me
	return me, nil
}

// TouchAfter is how far the stored time of a session's last use may lag behind.
const TouchAfter = time.Minute

// touch records the use of a session, which keeps it from becoming idle.
func (s *callers) touch(c *web.Call, me *web.Caller) {
	if me.Live == nil || s.now().Sub(me.Live.Session.LastSeen) < TouchAfter {
		return
	}
	if err := s.sessions.TouchSessions(c.Ctx(), []store.Use{{Key: me.Live.Session.Key, Seen: s.now()}}); err != nil {
		s.log.WarnContext(c.Ctx(), "recording the use of a session failed", "user_id", me.Live.Session.UserID,
			"error", err)
	}
}

// session returns the caller's session, nil if signed out or calling by an API token.
func (s *callers) session(c *web.Call) (*store.ActiveSession, error) {
	me, err := s.Caller(c)
	if err != nil || me.ViaToken {
		return nil, err
	}
	return me.Live, nil
}

// MustSession returns the caller's session, or the problem login_required. An API token is not enough: changes of an
// account need the person.
func (s *callers) MustSession(c *web.Call) (*store.ActiveSession, error) {
	me, err := s.Caller(c)
	switch {
	case err != nil:
		return nil, err
	case me.ViaToken:
		return nil, problem.Forbidden
	case me.Live == nil:
		return nil, problem.LoginRequired
	}
	return me.Live, nil
}

// MustFresh is MustSession for a recent login, within the last ten minutes; else it returns the problem
// fresh_login_required.
func (s *callers) MustFresh(c *web.Call) (*store.ActiveSession, error) {
	active, err := s.MustSession(c)
	if err == nil && !s.Meets(&active.Session, web.Demand{Fresh: web.FreshFor}) {
		err = problem.FreshRequired
	}
	return active, err
}

// MustUser returns the session and its account as stored now, or the problem login_required.
func (s *callers) MustUser(c *web.Call) (*store.ActiveSession, store.User, error) {
	active, err := s.MustSession(c)
	if err != nil {
		return nil, store.User{}, err
	}
	u, err := s.users.User(c.Ctx(), active.Identity.UserID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, u, problem.LoginRequired // deleted; the relay is about to end the session
	case err != nil:
		return nil, u, fmt.Errorf("reading the account: %w", err)
	case !u.Identity().Active:
		return nil, u, problem.LoginRequired
	}
	return active, u, nil
}
