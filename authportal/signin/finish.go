package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// ErrCredentialChanged says that a credential is no longer the one that proved somebody.
var ErrCredentialChanged = errors.New("the credential was replaced meanwhile")

// credRef names a credential as it was when it proved somebody.
type credRef struct {
	Kind    string `json:"k"`
	ID      string `json:"i"`
	Version int64  `json:"v"`
}

// Finish signs in an account by one proof that was just given and counted, as after signing up. Accounts that may not
// sign in, or that have a second factor to show, are a Problem.
func (s *dispatcher) Finish(c *web.Call, proven method.Proven, by string, request *LoginRequest, remember bool) (*LoginResult, error) {
	result, err := s.advance(c, LoginInput{Remember: remember}, &method.Configured{Name: by}, &pending{}, request, proven)
	if err == nil && result.Session == nil || errors.Is(err, ErrCredentialChanged) {
		return nil, problem.LoginRequired
	}
	return result, err
}

// complete makes a session of complete proofs, gives it to the browser, and says where to go on.
//
// Somebody who was asked to sign in again proves the session they have. So does a second tab whose form was open before the first one
// signed in: the session that it finds is younger than its goal. Everybody else gets a new one, and the old session of the browser ends.
func (s *finisher) complete(c *web.Call, u *store.User, proofs []store.Proof, creds []credRef, request *LoginRequest, remember bool) (*LoginResult, error) {
	if s.settings.RememberOff {
		remember = false
	}
	current, err := s.callers.session(c)
	if err != nil {
		return nil, err
	}
	proof := proofs[len(proofs)-1]
	active, again := current, false
	if current != nil && current.Session.UserID == u.ID && s.isFurtherProof(c, current, request, remember) {
		again, err = s.addProofs(c, proofs, creds)
		if err != nil {
			return nil, err
		}
	}
	if !again && request.stepUp {
		return nil, problem.StepExpired
	}
	if !again {
		if active, err = s.callers.openSession(c, u, proofs, remember, func() error { return s.verifyAndSpend(c, creds) }); err != nil {
			return nil, err
		}
		s.callers.endReplacedSession(c, current, u.ID, request.Began)
	}
	s.callers.KeepDeviceCookie(c, u)
	if err := s.accounts.SignedIn(c.Ctx(), u.ID); err != nil {
		// The session stands; a date in a list is not worth refusing somebody.
		s.log.WarnContext(c.Ctx(), "could not note the time of a sign-in", "user_id", u.ID, "error", err)
	}
	e := audit.Event{Kind: audit.EventSignIn, Result: audit.ResultOK, UserID: u.ID, Username: u.Username, Method: proof.Method, Session: active.Session.RootID()}
	if again {
		e.Reason = "again"
	}
	c.Emit(e)
	result := &LoginResult{Session: active}
	if request.named || !c.API {
		result.Location, err = s.flows.nextURL(c, active, request, true)
	}
	return result, err
}

// proves reports whether a sign-in of the same person is a further proof of the session they have.
func (s *finisher) isFurtherProof(c *web.Call, current *store.ActiveSession, request *LoginRequest, remember bool) bool {
	if demand := request.Demand(); request.stepUp || demand.MFA || demand.Fresh > 0 {
		return true
	}
	return request.sealed && remember == current.Session.Remembered && !current.Session.Created.Before(time.Unix(request.Began, 0))
}

// proveAgain records the proofs on the session of the caller; false where it ended meanwhile, so that a new one is due.
func (s *finisher) addProofs(c *web.Call, proofs []store.Proof, creds []credRef) (bool, error) {
	if err := s.verifyAndSpend(c, creds); err != nil {
		return false, err
	}
	have := slices.Clone(c.Caller.Live.Session.Proofs)
	for _, p := range proofs {
		if slices.ContainsFunc(have, func(o store.Proof) bool { return o.Method == p.Method && o.At.Equal(p.At) }) {
			continue // what the session rests on already
		}
		err := s.callers.Renew(c, p)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		} else if err != nil {
			return false, err
		}
		c.Caller.Live.Session.Proofs = append(c.Caller.Live.Session.Proofs, p)
	}
	// A change of the account since it was read has ended the session or refreshed it by itself: it was there to be told.
	return true, nil
}

// settleProofs holds the proofs against what is stored now, and uses up what is good once.
func (s *finisher) verifyAndSpend(c *web.Call, creds []credRef) error {
	if err := s.verifyCredentialsUnchanged(c, creds); err != nil {
		return err
	}
	return s.spend(c, context.WithoutCancel(c.Ctx()), creds)
}

// unmoved reports whether every credential still is what it was when it proved somebody. It is asked once the session is
// there: whoever replaces a password ends the sessions that exist, so a session made of the old password is either
// found by that, or finds the new password here.
func (s *finisher) verifyCredentialsUnchanged(c *web.Call, creds []credRef) error {
	for _, ref := range creds {
		now, err := s.users.Credential(c.Ctx(), ref.Kind, ref.ID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return ErrCredentialChanged
		case err != nil:
			return fmt.Errorf("reading the credential again: %w", err)
		case now.Version != ref.Version:
			return ErrCredentialChanged
		}
	}
	return nil
}

// retire ends the session that the browser had before it was given another one, unless that is the same person's in a
// parallel tab, begun after this sign-in was: its own way back may still be under way.
func (s *callers) endReplacedSession(c *web.Call, old *store.ActiveSession, userID string, began int64) {
	if old == nil || (old.Session.UserID == userID && !old.Session.Created.Before(time.Unix(began, 0))) {
		return
	}
	ctx := context.WithoutCancel(c.Ctx())
	err := s.sessions.EndSession(ctx, old.Session.UserID, old.Session.RootID())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		// The browser holds the new secret already, and nobody the old one.
		s.log.WarnContext(ctx, "could not end the session that a sign-in replaced", "user_id", old.Session.UserID, "error", err)
		return
	}
	if err == nil {
		c.Emit(audit.Event{Kind: audit.EventSessionEnd, Result: audit.ResultOK, Reason: "replaced", UserID: old.Session.UserID,
			Username: old.Identity.Username, Session: old.Session.RootID()})
	}
}
