package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// openSession stores a new session and sets its cookie. It calls verify once the session is stored: a change of the
// proving credentials before that would be missed otherwise.
func (s *callers) openSession(
	c *web.Call, u *store.User, proofs []store.Proof, remember bool, verify func() error,
) (*store.ActiveSession, error) {
	now := s.now()
	active := &store.ActiveSession{Identity: u.Identity(), Session: store.Session{
		UserID: u.ID, Host: c.Visit.Host, Created: now, LastSeen: now, Proofs: proofs,
		Address: web.Address(c.Visit), Device: problem.Bounded(c.Request.UserAgent(), 200), Remembered: remember,
		Idle: s.settings.Idle, Expires: now.Add(s.settings.Lifetime),
	}}
	if remember {
		active.Session.Idle, active.Session.Expires = 0, now.Add(s.settings.Remember)
	}
	err := s.createSession(c, active, verify)
	if err == nil {
		s.enforceSessionLimit(c, active)
	}
	return active, err
}

// MaxSessions limits the sessions of an account. A change of its rights must reach each within a second, and an
// attacker with the password could otherwise pile up more than the owner or an administrator can end.
const MaxSessions = 100

// enforceSessionLimit ends the sessions beyond the limit, longest unused first: a pile of unused ones does not push out
// the one in use.
func (s *callers) enforceSessionLimit(c *web.Call, active *store.ActiveSession) {
	// A client must not escape this by disconnecting.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Ctx()), 2*time.Second)
	defer cancel()
	list, err := s.sessions.SessionsOf(ctx, active.Session.UserID)
	if err != nil {
		s.log.WarnContext(ctx, "counting the sessions of an account failed", "user_id", active.Session.UserID,
			"error", err)
		return
	}
	slices.SortFunc(list, func(a, b store.Session) int { return a.LastSeen.Compare(b.LastSeen) })
	for i := 0; i < len(list)-MaxSessions; i++ {
		if list[i].ID == active.Session.ID {
			continue
		}
		err := s.sessions.EndSession(ctx, active.Session.UserID, list[i].ID)
		switch {
		case err == nil:
			c.Emit(audit.Event{Kind: audit.EventSessionEnd, Result: audit.ResultOK, Reason: "too many",
				UserID: active.Session.UserID, Username: active.Identity.Username, Session: list[i].ID})
		case !errors.Is(err, store.ErrNotFound):
			s.log.WarnContext(ctx, "ending a session beyond the limit failed", "user_id", active.Session.UserID,
				"error", err)
			return
		}
	}
}

// openChild opens this host's child of a parent session at the portal. The store takes deadlines, proofs and identity
// from the parent, and refuses if that has ended.
func (s *callers) openChild(c *web.Call, parent, userID string) (*store.ActiveSession, error) {
	now := s.now()
	active := &store.ActiveSession{Session: store.Session{Parent: parent, UserID: userID, Host: c.Visit.Host,
		Created: now, LastSeen: now}}
	return active, s.createSession(c, active, func() error { return nil })
}

func (s *callers) createSession(c *web.Call, active *store.ActiveSession, verify func() error) error {
	secret, err := s.web.Secret(web.SecretBytes)
	if err != nil {
		return err
	}
	if active.Session.ID, err = accounts.NewID(s.rand); err != nil {
		return err
	}
	active.Session.Key = store.KeyOf(secret)
	err = s.sessions.CreateSession(c.Ctx(), active)
	if active.Session.Parent == "" && errors.Is(err, store.ErrNotFound) {
		return s.refusedByStore(c, active.Session.UserID) // the store already knows of a change
	} else if err != nil {
		return fmt.Errorf("starting the session: %w", err)
	}
	if err := s.recheck(c, active); err != nil {
		return err
	}
	if err := verify(); err != nil {
		s.discardSession(c, active)
		return err
	}
	s.setSessionCookie(c, secret, &active.Session)
	c.Caller = &web.Caller{Live: active}
	return nil
}

// recheck closes the race between a sign-in and a change of its account. A change after the account was read and before
// the session was stored reached only the sessions of that moment, so a disabled account could keep this one. Now every
// later change finds the session; reading the account once more catches the earlier ones.
func (s *callers) recheck(c *web.Call, active *store.ActiveSession) error {
	u, err := s.users.User(c.Ctx(), active.Session.UserID)
	id := u.Identity()
	switch {
	case errors.Is(err, store.ErrNotFound):
		id = store.Identity{UserID: active.Session.UserID, Version: active.Identity.Version + 1} // deleted: not active
	case err != nil:
		s.discardSession(c, active)
		return fmt.Errorf("reading the account again: %w", err)
	case u.Version == active.Identity.Version:
		return nil
	}
	if err := s.sessions.RefreshIdentity(c.Ctx(), id); err != nil {
		s.discardSession(c, active)
		return fmt.Errorf("refreshing the session's identity: %w", err)
	}
	if !id.Active {
		return accountDenied(&u)
	}
	active.Identity = id
	return nil
}

// refusedByStore returns why the store refused a session.
func (s *callers) refusedByStore(c *web.Call, id string) error {
	u, err := s.users.User(c.Ctx(), id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("reading the account again: %w", err)
	}
	return accountDenied(&u)
}

// accountDenied returns the error for an account that became inactive between its proof and its session. If only a new
// password is required, the dispatcher tries again and asks for it.
func accountDenied(u *store.User) error {
	if u.Enabled && u.Approved && u.MustChangePassword {
		return ErrCredentialChanged
	}
	return problem.Disabled
}

// discardSession ends a session that must not exist; its secret was never sent. A child is left alone: it ends with its
// parent.
func (s *callers) discardSession(c *web.Call, active *store.ActiveSession) {
	if active.Session.Parent == "" {
		_ = s.sessions.EndSession(context.WithoutCancel(c.Ctx()), active.Session.UserID, active.Session.ID)
	}
}

// setSessionCookie sends the secret of a session to the browser.
func (s *callers) setSessionCookie(c *web.Call, secret []byte, session *store.Session) {
	var age time.Duration
	if session.Remembered {
		age = session.Expires.Sub(s.now())
	}
	c.SetCookie(web.CookieSession, web.Secret64.EncodeToString(secret), age)
}

// Renew records a proof on the parent session and all its children, and gives this browser a new secret. An old secret
// that leaked (session fixation, a copied cookie) is worth nothing after a proof.
func (s *callers) Renew(c *web.Call, proof store.Proof) error {
	secret, err := s.web.Secret(web.SecretBytes)
	if err != nil {
		return err
	}
	key := store.KeyOf(secret)
	if err := s.sessions.ProveSession(c.Ctx(), c.Caller.Live.Session.Key, key, proof); err != nil {
		return fmt.Errorf("proving the session again: %w", err)
	}
	s.setSessionCookie(c, secret, &c.Caller.Live.Session)
	c.Caller.Live.Session.Key = key
	return nil
}

// ClearSession removes the session cookie.
func (s *callers) ClearSession(c *web.Call) { c.SetCookie(web.CookieSession, "", -1) }
