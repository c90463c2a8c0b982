package authportal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// open starts a new session and gives its secret to the browser. still is asked once the session is there: what the
// proofs rest on must not have changed.
func (c *call) open(u *store.User, proofs []store.Proof, remember bool, still func() error) (*store.ActiveSession, error) {
	now := c.p.now()
	l := &store.ActiveSession{Identity: u.Identity(), Session: store.Session{
		UserID: u.ID, Host: c.v.Host, Created: now, LastSeen: now, Proofs: proofs,
		Address: address(c.v), Device: bounded(c.r.UserAgent(), 200), Remembered: remember,
		Idle: c.p.set.Idle, Expires: now.Add(c.p.set.Lifetime),
	}}
	if remember {
		l.Session.Idle, l.Session.Expires = 0, now.Add(c.p.set.Remember)
	}
	err := c.create(l, still)
	if err == nil {
		c.makeRoom(l)
	}
	return l, err
}

// maxSignIns is how many sign-ins an account has at a time. A change of its rights must reach each within a second, and
// whoever has the password could otherwise pile up so many that neither its owner nor an administrator can end them.
const maxSignIns = 100

// makeRoom ends the sign-ins beyond that number, those first that have not been used for longest: a pile of unused ones
// does not push out the one that its owner works with.
func (c *call) makeRoom(l *store.ActiveSession) {
	// Hanging up in time must not be a way round it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx()), 2*time.Second)
	defer cancel()
	list, err := c.p.sessions.SessionsOf(ctx, l.Session.UserID)
	if err != nil {
		c.p.log.WarnContext(ctx, "could not count the sign-ins of an account", "user_id", l.Session.UserID, "error", err)
		return
	}
	slices.SortFunc(list, func(a, b store.Session) int { return a.LastSeen.Compare(b.LastSeen) })
	for i := 0; i < len(list)-maxSignIns; i++ {
		if list[i].ID == l.Session.ID {
			continue
		}
		err := c.p.sessions.EndSession(ctx, l.Session.UserID, list[i].ID)
		switch {
		case err == nil:
			c.emit(Event{Kind: EventSessionEnd, Result: ResultOK, Reason: "too many", UserID: l.Session.UserID,
				Username: l.Identity.Username, Session: list[i].ID})
		case !errors.Is(err, store.ErrNotFound):
			c.p.log.WarnContext(ctx, "could not end a sign-in of too many", "user_id", l.Session.UserID, "error", err)
			return
		}
	}
}

// openChild starts the session of this host below a sign-in at the portal. The store takes deadlines, proofs and
// identity from the parent, and refuses if that has ended meanwhile.
func (c *call) openChild(parent, userID string) (*store.ActiveSession, error) {
	now := c.p.now()
	l := &store.ActiveSession{Session: store.Session{Parent: parent, UserID: userID, Host: c.v.Host, Created: now, LastSeen: now}}
	return l, c.create(l, func() error { return nil })
}

func (c *call) create(l *store.ActiveSession, still func() error) error {
	secret, err := c.p.secret(secretBytes)
	if err != nil {
		return err
	}
	if l.Session.ID, err = newID(c.p.rand); err != nil {
		return err
	}
	l.Session.Key = store.KeyOf(secret)
	err = c.p.sessions.CreateSession(c.ctx(), l)
	if l.Session.Parent == "" && errors.Is(err, store.ErrNotFound) {
		return c.shutOut(l.Session.UserID) // a store that knows the accounts has seen before us that this one may not
	} else if err != nil {
		return fmt.Errorf("starting the session: %w", err)
	}
	if err := c.recheck(l); err != nil {
		return err
	}
	if err := still(); err != nil {
		c.drop(l)
		return err
	}
	c.give(secret, &l.Session)
	c.me = &caller{live: l}
	return nil
}

// recheck closes the race between a sign-in and a change of its account. A change made after the account was read and
// before the session was stored was told to sessions when this one was not among them yet: nobody would tell it again,
// and a disabled account would keep a session. So, now that the session is there and every later change will find it,
// the account is read once more.
func (c *call) recheck(l *store.ActiveSession) error {
	u, err := c.p.users.User(c.ctx(), l.Session.UserID)
	id := u.Identity()
	switch {
	case errors.Is(err, store.ErrNotFound):
		id = store.Identity{UserID: l.Session.UserID, Version: l.Identity.Version + 1} // deleted: not active
	case err != nil:
		c.drop(l)
		return fmt.Errorf("reading the account again: %w", err)
	case u.Version == l.Identity.Version:
		return nil
	}
	if err := c.p.sessions.RefreshIdentity(c.ctx(), id); err != nil {
		c.drop(l)
		return fmt.Errorf("telling the session of a change: %w", err)
	}
	if !id.Active {
		return shut(&u)
	}
	l.Identity = id
	return nil
}

// shutOut says why a session could not be.
func (c *call) shutOut(id string) error {
	u, err := c.p.users.User(c.ctx(), id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("reading the account again: %w", err)
	}
	return shut(&u)
}

// shut says what happened to an account between its proof and its session. One that must choose a new password is asked
// for it when the sign-in is looked at anew.
func shut(u *store.User) error {
	if u.Enabled && u.Approved && u.MustChangePassword {
		return errMoved
	}
	return problem.Disabled
}

// drop ends a sign-in that must not be; its secret was shown to nobody. A child is left alone: it dies with its parent.
func (c *call) drop(l *store.ActiveSession) {
	if l.Session.Parent == "" {
		_ = c.p.sessions.EndSession(context.WithoutCancel(c.ctx()), l.Session.UserID, l.Session.ID)
	}
}

// give hands the secret of a session to the browser.
func (c *call) give(secret []byte, s *store.Session) {
	var age time.Duration
	if s.Remembered {
		age = s.Expires.Sub(c.p.now())
	}
	c.setCookie(cookieSession, secret64.EncodeToString(secret), age)
}

// renew records a proof on the whole family of the caller's session and gives this browser a new secret for it: what
// was known of the old one (session fixation, a copied cookie) is worth nothing after a proof.
func (c *call) renew(proof store.Proof) error {
	secret, err := c.p.secret(secretBytes)
	if err != nil {
		return err
	}
	key := store.KeyOf(secret)
	if err := c.p.sessions.ProveSession(c.ctx(), c.me.live.Session.Key, key, proof); err != nil {
		return fmt.Errorf("proving the session again: %w", err)
	}
	c.give(secret, &c.me.live.Session)
	c.me.live.Session.Key = key
	return nil
}

// clearSession takes the session cookie from the browser.
func (c *call) clearSession() { c.setCookie(cookieSession, "", -1) }
