package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// requestNewPassword asks for a new password, the last requirement of a sign-in. If none can be chosen here, it removes
// the old password instead, which must not be used any more.
func (s *dispatcher) requestNewPassword(
	c *web.Call, u *store.User, next *pending, request *LoginRequest,
) (*LoginResult, error) {
	a := s.accounts
	has, err := a.HasPassword(c.Ctx(), u.ID)
	if err != nil {
		return nil, err
	}
	if !has || s.accounts.Passwords() == nil {
		after, err := a.DropPassword(c.Ctx(), u.ID)
		if err != nil {
			return nil, err
		}
		return s.finisher.complete(c, &after, next.Proofs, next.Creds, request, next.Remember)
	}
	next.User, next.Login, next.Version, next.NewPassword = u.ID, u.Username, u.Version, true
	token, err := s.pendings.keepPending(c, next)
	if err != nil {
		return nil, err
	}
	return &LoginResult{NewPasswordFor: u.Username, Step: &pages.Step{Token: token}}, nil
}

// acceptNewPassword sets the new password and completes the sign-in. After a refusal the person may try again.
func (s *dispatcher) acceptNewPassword(
	c *web.Call, input LoginInput, pend *pending, request *LoginRequest,
) (*LoginResult, error) {
	u, err := s.users.User(c.Ctx(), pend.User)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, problem.StepExpired
	case err != nil:
		return nil, fmt.Errorf("reading the account: %w", err)
	case s.callers.denialReason(&u) != nil || u.Version != pend.Version || s.accounts.Passwords() == nil:
		return nil, problem.StepExpired
	}
	// Count it: with a sign-in ticket one could otherwise guess the old password here, or cause a lot of hashing.
	g, err := s.guard.Guess(c, u.ID)
	if err != nil {
		return nil, err
	}
	e := audit.Event{Kind: audit.EventPasswordChange, Result: audit.ResultOK, Reason: "was due", UserID: u.ID,
		Username: u.Username}
	after, creds, err := s.replacePassword(c, &u, pend.Creds, input.Field("password"))
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		e.Result, e.Reason = audit.ResultRefused, p.Code
		c.Emit(e)
		return nil, err
	case err != nil:
		g.GiveBack()
		return nil, err
	}
	g.GiveBack()
	c.Emit(e)
	s.PasswordChanged(c, &after)
	result, err := s.finisher.complete(c, &after, pend.Proofs, creds, request, pend.Remember)
	if errors.Is(err, ErrCredentialChanged) {
		return nil, problem.StepExpired
	}
	if err == nil {
		s.pendings.dropPending(c, pend.Token)
	}
	return result, err
}

// replacePassword replaces the password if it and all proving credentials are unchanged.
func (s *dispatcher) replacePassword(
	c *web.Call, u *store.User, creds []credRef, next string,
) (after store.User, rest []credRef, err error) {
	pw := s.accounts.Passwords()
	have, err := s.users.Credential(c.Ctx(), store.KindPassword, u.ID)
	if errors.Is(err, store.ErrNotFound) {
		return after, nil, problem.StepExpired
	} else if err != nil {
		return after, nil, fmt.Errorf("reading the password: %w", err)
	}
	if err := s.finisher.verifyCredentialsUnchanged(c, creds); err != nil {
		return after, nil, web.Or(exceptChanged(err), problem.StepExpired)
	}
	same, err := pw.CheckPassword(c.Ctx(), u, next)
	if err != nil {
		return after, nil, fmt.Errorf("checking the password: %w", err)
	}
	if same {
		return after, nil, accounts.Problem(&method.UnacceptableError{Reason: "same"})
	}
	hashed, err := pw.MakePassword(c.Ctx(), u, next)
	if err != nil {
		return after, nil, accounts.Problem(err)
	}
	// A client that disconnects must not separate the next two writes.
	ctx := context.WithoutCancel(c.Ctx())
	if err := s.finisher.spend(c, ctx, creds); err != nil {
		return after, nil, web.Or(exceptChanged(err), problem.StepExpired)
	}
	have.Data, have.Used = hashed.Data, hashed.Used
	after, err = s.accounts.ReplacePassword(ctx, have, "", false)
	if errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrNotFound) {
		return after, nil, problem.StepExpired // changed concurrently
	}
	rest = slices.DeleteFunc(slices.Clone(creds),
		func(ref credRef) bool { return ref.Kind == store.KindPassword || ref.Kind == store.KindSignInTicket })
	return after, append(rest, credRef{Kind: store.KindPassword, ID: u.ID, Version: have.Version + 1}), err
}

// newPasswordAgain returns the form once more if only the new password was refused.
func (s *dispatcher) newPasswordAgain(c *web.Call, input LoginInput, p *problem.Problem) *LoginResult {
	switch p.Code {
	case "password_not_acceptable", problem.Busy.Code, problem.CodeTooMany:
	default:
		return nil
	}
	pend := s.pendings.findPending(c, input.Step)
	if input.Step == "" || pend == nil || !pend.NewPassword {
		return nil
	}
	return &LoginResult{NewPasswordFor: pend.Login, Step: &pages.Step{Token: input.Step}}
}

// exceptChanged returns err unless it is ErrCredentialChanged.
func exceptChanged(err error) error {
	if errors.Is(err, ErrCredentialChanged) {
		return nil
	}
	return err
}
