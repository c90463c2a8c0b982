package authportal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// errMoved says that a credential is no longer the one that proved somebody.
var errMoved = errors.New("the credential was replaced meanwhile")

// credRef names a credential as it was when it proved somebody.
type credRef struct {
	Kind    string `json:"k"`
	ID      string `json:"i"`
	Version int64  `json:"v"`
}

// finish signs in an account by one proof that was just given and counted, as after signing up. Accounts that may not
// sign in, or that have a second factor to show, are a Problem.
func (c *call) finish(proven method.Proven, by string, in *intent, remember bool) (*outcome, error) {
	out, err := c.advance(try{Remember: remember}, &method.Configured{Name: by}, &pending{}, in, proven)
	if err == nil && out.Live == nil || errors.Is(err, errMoved) {
		return nil, errLoginRequired
	}
	return out, err
}

// complete makes a session of complete proofs, gives it to the browser, and says where to go on.
//
// Somebody who was asked to sign in again proves the session they have. So does a second tab whose form was open before the first one
// signed in: the session that it finds is younger than its goal. Everybody else gets a new one, and the old session of the browser ends.
func (c *call) complete(u *store.User, proofs []store.Proof, creds []credRef, in *intent, remember bool) (*outcome, error) {
	if c.p.set.RememberOff {
		remember = false
	}
	have, err := c.session()
	if err != nil {
		return nil, err
	}
	proof := proofs[len(proofs)-1]
	live, again := have, false
	if have != nil && have.Session.UserID == u.ID && c.proves(have, in, remember) {
		again, err = c.proveAgain(proofs, creds)
		if err != nil {
			return nil, err
		}
	}
	if !again && in.further {
		return nil, errStepExpired
	}
	if !again {
		if live, err = c.open(u, proofs, remember, func() error { return c.settleProofs(creds) }); err != nil {
			return nil, err
		}
		c.retire(have, u.ID, in.Began)
	}
	c.rememberBrowser(u)
	if err := c.p.accounts.SignedIn(c.ctx(), u.ID); err != nil {
		// The session stands; a date in a list is not worth refusing somebody.
		c.p.log.WarnContext(c.ctx(), "could not note the time of a sign-in", "user_id", u.ID, "error", err)
	}
	e := Event{Kind: EventSignIn, Result: ResultOK, UserID: u.ID, Username: u.Username, Method: proof.Method, Session: live.Session.SignIn()}
	if again {
		e.Reason = "again"
	}
	c.emit(e)
	out := &outcome{Live: live}
	if in.given || !c.api {
		out.Location, err = c.onward(live, in, true)
	}
	return out, err
}

// proves tells whether a sign-in of the same person is a further proof of the session they have.
func (c *call) proves(have *store.Live, in *intent, remember bool) bool {
	if d := in.demand(); in.further || d.MFA || d.Fresh > 0 {
		return true
	}
	return in.sealed && remember == have.Session.Remembered && !have.Session.Created.Before(time.Unix(in.Began, 0))
}

// proveAgain records the proofs on the session of the caller; false where it ended meanwhile, so that a new one is due.
func (c *call) proveAgain(proofs []store.Proof, creds []credRef) (bool, error) {
	if err := c.settleProofs(creds); err != nil {
		return false, err
	}
	have := slices.Clone(c.me.live.Session.Proofs)
	for _, p := range proofs {
		if slices.ContainsFunc(have, func(o store.Proof) bool { return o.Method == p.Method && o.At.Equal(p.At) }) {
			continue // what the session rests on already
		}
		err := c.renew(p)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		} else if err != nil {
			return false, err
		}
		c.me.live.Session.Proofs = append(c.me.live.Session.Proofs, p)
	}
	// A change of the account since it was read has ended the session or refreshed it by itself: it was there to be told.
	return true, nil
}

// settleProofs holds the proofs against what is stored now, and uses up what is good once.
func (c *call) settleProofs(creds []credRef) error {
	if err := c.unmoved(creds); err != nil {
		return err
	}
	return c.spend(context.WithoutCancel(c.ctx()), creds)
}

// unmoved tells whether every credential still is what it was when it proved somebody. It is asked once the session is
// there: whoever replaces a password ends the sessions that exist, so a session made of the old password is either
// found by that, or finds the new password here.
func (c *call) unmoved(creds []credRef) error {
	for _, k := range creds {
		now, err := c.p.users.Credential(c.ctx(), k.Kind, k.ID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return errMoved
		case err != nil:
			return fmt.Errorf("reading the credential again: %w", err)
		case now.Version != k.Version:
			return errMoved
		}
	}
	return nil
}

// retire ends the session that the browser had before it was given another one, unless that is the same person's in a
// parallel tab, begun after this sign-in was: its own way back may still be under way.
func (c *call) retire(old *store.Live, userID string, began int64) {
	if old == nil || (old.Session.UserID == userID && !old.Session.Created.Before(time.Unix(began, 0))) {
		return
	}
	ctx := context.WithoutCancel(c.ctx())
	err := c.p.sessions.EndSession(ctx, old.Session.UserID, old.Session.SignIn())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		// The browser holds the new secret already, and nobody the old one.
		c.p.log.WarnContext(ctx, "could not end the session that a sign-in replaced", "user_id", old.Session.UserID, "error", err)
		return
	}
	if err == nil {
		c.emit(Event{Kind: EventSessionEnd, Result: ResultOK, Reason: "replaced", UserID: old.Session.UserID,
			Username: old.Identity.Username, Session: old.Session.SignIn()})
	}
}
