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

// open starts a new session and gives its secret to the browser. still is asked once the session is there: what the
// proofs rest on must not have changed.
func (s *callers) open(c *web.Call, u *store.User, proofs []store.Proof, remember bool, still func() error) (*store.ActiveSession, error) {
	now := s.now()
	l := &store.ActiveSession{Identity: u.Identity(), Session: store.Session{
		UserID: u.ID, Host: c.Visit.Host, Created: now, LastSeen: now, Proofs: proofs,
		Address: web.Address(c.Visit), Device: problem.Bounded(c.Request.UserAgent(), 200), Remembered: remember,
		Idle: s.set.Idle, Expires: now.Add(s.set.Lifetime),
	}}
	if remember {
		l.Session.Idle, l.Session.Expires = 0, now.Add(s.set.Remember)
	}
	err := s.create(c, l, still)
	if err == nil {
		s.makeRoom(c, l)
	}
	return l, err
}

// MaxSignIns is how many sign-ins an account has at a time. A change of its rights must reach each within a second, and
// whoever has the password could otherwise pile up so many that neither its owner nor an administrator can end them.
const MaxSignIns = 100

// makeRoom ends the sign-ins beyond that number, those first that have not been used for longest: a pile of unused ones
// does not push out the one that its owner works with.
func (s *callers) makeRoom(c *web.Call, l *store.ActiveSession) {
	// Hanging up in time must not be a way round it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Ctx()), 2*time.Second)
	defer cancel()
	list, err := s.sessions.SessionsOf(ctx, l.Session.UserID)
	if err != nil {
		s.log.WarnContext(ctx, "could not count the sign-ins of an account", "user_id", l.Session.UserID, "error", err)
		return
	}
	slices.SortFunc(list, func(a, b store.Session) int { return a.LastSeen.Compare(b.LastSeen) })
	for i := 0; i < len(list)-MaxSignIns; i++ {
		if list[i].ID == l.Session.ID {
			continue
		}
		err := s.sessions.EndSession(ctx, l.Session.UserID, list[i].ID)
		switch {
		case err == nil:
			c.Emit(audit.Event{Kind: audit.EventSessionEnd, Result: audit.ResultOK, Reason: "too many", UserID: l.Session.UserID,
				Username: l.Identity.Username, Session: list[i].ID})
		case !errors.Is(err, store.ErrNotFound):
			s.log.WarnContext(ctx, "could not end a sign-in of too many", "user_id", l.Session.UserID, "error", err)
			return
		}
	}
}

// openChild starts the session of this host below a sign-in at the portal. The store takes deadlines, proofs and
// identity from the parent, and refuses if that has ended meanwhile.
func (s *callers) openChild(c *web.Call, parent, userID string) (*store.ActiveSession, error) {
	now := s.now()
	l := &store.ActiveSession{Session: store.Session{Parent: parent, UserID: userID, Host: c.Visit.Host, Created: now, LastSeen: now}}
	return l, s.create(c, l, func() error { return nil })
}

func (s *callers) create(c *web.Call, l *store.ActiveSession, still func() error) error {
	secret, err := s.web.Secret(web.SecretBytes)
	if err != nil {
		return err
	}
	if l.Session.ID, err = accounts.NewID(s.rand); err != nil {
		return err
	}
	l.Session.Key = store.KeyOf(secret)
	err = s.sessions.CreateSession(c.Ctx(), l)
	if l.Session.Parent == "" && errors.Is(err, store.ErrNotFound) {
		return s.shutOut(c, l.Session.UserID) // a store that knows the accounts has seen before us that this one may not
	} else if err != nil {
		return fmt.Errorf("starting the session: %w", err)
	}
	if err := s.recheck(c, l); err != nil {
		return err
	}
	if err := still(); err != nil {
		s.drop(c, l)
		return err
	}
	s.give(c, secret, &l.Session)
	c.Caller = &web.Caller{Live: l}
	return nil
}

// recheck closes the race between a sign-in and a change of its account. A change made after the account was read and
// before the session was stored was told to sessions when this one was not among them yet: nobody would tell it again,
// and a disabled account would keep a session. So, now that the session is there and every later change will find it,
// the account is read once more.
func (s *callers) recheck(c *web.Call, l *store.ActiveSession) error {
	u, err := s.users.User(c.Ctx(), l.Session.UserID)
	id := u.Identity()
	switch {
	case errors.Is(err, store.ErrNotFound):
		id = store.Identity{UserID: l.Session.UserID, Version: l.Identity.Version + 1} // deleted: not active
	case err != nil:
		s.drop(c, l)
		return fmt.Errorf("reading the account again: %w", err)
	case u.Version == l.Identity.Version:
		return nil
	}
	if err := s.sessions.RefreshIdentity(c.Ctx(), id); err != nil {
		s.drop(c, l)
		return fmt.Errorf("telling the session of a change: %w", err)
	}
	if !id.Active {
		return shut(&u)
	}
	l.Identity = id
	return nil
}

// shutOut says why a session could not be.
func (s *callers) shutOut(c *web.Call, id string) error {
	u, err := s.users.User(c.Ctx(), id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("reading the account again: %w", err)
	}
	return shut(&u)
}

// shut says what happened to an account between its proof and its session. One that must choose a new password is asked
// for it when the sign-in is looked at anew.
func shut(u *store.User) error {
	if u.Enabled && u.Approved && u.MustChangePassword {
		return ErrCredentialChanged
	}
	return problem.Disabled
}

// drop ends a sign-in that must not be; its secret was shown to nobody. A child is left alone: it dies with its parent.
func (s *callers) drop(c *web.Call, l *store.ActiveSession) {
	if l.Session.Parent == "" {
		_ = s.sessions.EndSession(context.WithoutCancel(c.Ctx()), l.Session.UserID, l.Session.ID)
	}
}

// give hands the secret of a session to the browser.
func (s *callers) give(c *web.Call, secret []byte, session *store.Session) {
	var age time.Duration
	if session.Remembered {
		age = session.Expires.Sub(s.now())
	}
	c.SetCookie(web.CookieSession, web.Secret64.EncodeToString(secret), age)
}

// Renew records a proof on the whole family of the caller's session and gives this browser a new secret for it: what
// was known of the old one (session fixation, a copied cookie) is worth nothing after a proof.
func (s *callers) Renew(c *web.Call, proof store.Proof) error {
	secret, err := s.web.Secret(web.SecretBytes)
	if err != nil {
		return err
	}
	key := store.KeyOf(secret)
	if err := s.sessions.ProveSession(c.Ctx(), c.Caller.Live.Session.Key, key, proof); err != nil {
		return fmt.Errorf("proving the session again: %w", err)
	}
	s.give(c, secret, &c.Caller.Live.Session)
	c.Caller.Live.Session.Key = key
	return nil
}

// ClearSession takes the session cookie from the browser.
func (s *callers) ClearSession(c *web.Call) { c.SetCookie(web.CookieSession, "", -1) }
