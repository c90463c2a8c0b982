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

// ErrCredentialChanged reports that a credential was replaced or removed after it had proved a sign-in.
var ErrCredentialChanged = errors.New("the credential has changed")

// credRef names a credential and its version at the time of the proof.
type credRef struct {
	Kind    string `json:"k"`
	ID      string `json:"i"`
	Version int64  `json:"v"`
	Owner   string `json:"o,omitempty"` // of a linked identity: it changes at every sign-in, its owner must not
}

// unchanged reports whether the credential, as it is stored now, still proves what it proved. What a provider says of an
// identity is stored anew at every sign-in, so that parallel tabs change its version for one another.
func (r *credRef) unchanged(now *store.Credential) bool {
	if r.Kind == store.KindIdentity {
		return now.Owner == r.Owner
	}
	return now.Version == r.Version
}

// Finish signs in an account by a proof that was just given and counted, as after signing up. An account that may not
// sign in, or that needs a second factor, is a Problem.
func (s *dispatcher) Finish(
	c *web.Call, proven method.Proven, by string, request *LoginRequest, remember bool,
) (*LoginResult, error) {
	result, err := s.advance(c, LoginInput{Remember: remember}, &method.Configured{Name: by}, &pending{},
		request, proven)
	if err == nil && result.Session == nil || errors.Is(err, ErrCredentialChanged) {
		return nil, problem.LoginRequired
	}
	return result, err
}

// complete makes a session of complete proofs, sets its cookie, and says where to go next.
//
// Someone who signs in again proves the session that they already have. So does a second tab whose form was open before
// the first one signed in: the session that it finds is younger than its login request. In all other cases a new
// session replaces the old one of this browser.
func (s *finisher) complete(
	c *web.Call, u *store.User, proofs []store.Proof, creds []credRef, request *LoginRequest, remember bool,
) (*LoginResult, error) {
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
		verify := func() error { return s.verifyAndSpend(c, creds) }
		if active, err = s.callers.openSession(c, u, proofs, remember, verify); err != nil {
			return nil, err
		}
		s.callers.endReplacedSession(c, current, u.ID, request.Began)
	}
	s.callers.KeepDeviceCookie(c, u)
	if err := s.accounts.SignedIn(c.Ctx(), u.ID); err != nil {
		// The session is valid; a missing date in a list does not justify refusing the sign-in.
		s.log.WarnContext(c.Ctx(), "recording the time of a sign-in failed", "user_id", u.ID, "error", err)
	}
	e := audit.Event{Kind: audit.EventSignIn, Result: audit.ResultOK, UserID: u.ID, Username: u.Username,
		Method: proof.Method, Session: active.Session.RootID()}
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

// isFurtherProof reports whether another sign-in of the same person adds a proof to their session.
func (s *finisher) isFurtherProof(
	c *web.Call, current *store.ActiveSession, request *LoginRequest, remember bool,
) bool {
	if demand := request.Demand(); request.stepUp || demand.MFA || demand.Fresh > 0 {
		return true
	}
	return request.sealed && remember == current.Session.Remembered &&
		!current.Session.Created.Before(time.Unix(request.Began, 0))
}

// addProofs records the proofs on the caller's session. It returns false if that has ended and a new one is needed.
func (s *finisher) addProofs(c *web.Call, proofs []store.Proof, creds []credRef) (bool, error) {
	if err := s.verifyAndSpend(c, creds); err != nil {
		return false, err
	}
	have := slices.Clone(c.Caller.Live.Session.Proofs)
	for _, p := range proofs {
		if slices.ContainsFunc(have, func(o store.Proof) bool { return o.Method == p.Method && o.At.Equal(p.At) }) {
			continue // the session already has it
		}
		err := s.callers.Renew(c, p)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		} else if err != nil {
			return false, err
		}
		c.Caller.Live.Session.Proofs = append(c.Caller.Live.Session.Proofs, p)
	}
	// A concurrent change of the account finds this session in the store, so no second check is needed here.
	return true, nil
}

// verifyAndSpend verifies that the proving credentials are unchanged and uses up a sign-in ticket among them.
func (s *finisher) verifyAndSpend(c *web.Call, creds []credRef) error {
	if err := s.verifyCredentialsUnchanged(c, creds); err != nil {
		return err
	}
	return s.spend(c, context.WithoutCancel(c.Ctx()), creds)
}

// verifyCredentialsUnchanged returns ErrCredentialChanged unless every credential still has the version that proved the
// sign-in. It runs after the session is stored. A password change ends the sessions that exist, so it either finds this
// session, or the new password is found here.
func (s *finisher) verifyCredentialsUnchanged(c *web.Call, creds []credRef) error {
	for _, ref := range creds {
		now, err := s.users.Credential(c.Ctx(), ref.Kind, ref.ID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return ErrCredentialChanged
		case err != nil:
			return fmt.Errorf("reading the credential again: %w", err)
		case !ref.unchanged(&now):
			return ErrCredentialChanged
		}
	}
	return nil
}

// endReplacedSession ends the session that a new one replaces in this browser. It spares a session of the same person
// that began after this sign-in: that is a parallel tab, whose redirect may still be under way.
func (s *callers) endReplacedSession(c *web.Call, old *store.ActiveSession, userID string, began int64) {
	if old == nil || (old.Session.UserID == userID && !old.Session.Created.Before(time.Unix(began, 0))) {
		return
	}
	ctx := context.WithoutCancel(c.Ctx())
	err := s.sessions.EndSession(ctx, old.Session.UserID, old.Session.RootID())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		// The browser already has the new secret, and the old one is lost.
		s.log.WarnContext(ctx, "ending a replaced session failed", "user_id", old.Session.UserID, "error", err)
		return
	}
	if err == nil {
		c.Emit(audit.Event{Kind: audit.EventSessionEnd, Result: audit.ResultOK, Reason: "replaced",
			UserID: old.Session.UserID, Username: old.Identity.Username, Session: old.Session.RootID()})
	}
}
