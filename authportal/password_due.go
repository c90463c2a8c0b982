package authportal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// askNew asks for a new password, the last thing that is missing of a sign-in. Who cannot choose one, because there is
// none here, loses the old one instead: it was not to be used any more.
func (c *call) askNew(u *store.User, next *pending, in *intent) (*outcome, error) {
	a := c.p.accounts
	has, err := a.hasPassword(c.ctx(), u.ID)
	if err != nil {
		return nil, err
	}
	if !has || c.p.accounts.Passwords() == nil {
		after, err := a.dropPassword(c.ctx(), u.ID)
		if err != nil {
			return nil, err
		}
		return c.complete(&after, next.Proofs, next.Creds, in, next.Remember)
	}
	next.User, next.Login, next.Version, next.Choose = u.ID, u.Username, u.Version, true
	token, err := c.keepPending(next)
	if err != nil {
		return nil, err
	}
	return &outcome{Choose: u.Username, Step: &pages.Step{Token: token}}, nil
}

// chooseNew takes the new password and finishes the sign-in that waited for it. What is refused can be tried again.
func (c *call) chooseNew(t try, pend *pending, in *intent) (*outcome, error) {
	u, err := c.p.users.User(c.ctx(), pend.User)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, problem.StepExpired
	case err != nil:
		return nil, fmt.Errorf("reading the account: %w", err)
	case c.p.missing(&u) != nil || u.Version != pend.Version || c.p.accounts.Passwords() == nil:
		return nil, problem.StepExpired
	}
	// Whoever came by a ticket could try here what the old password was, and anybody ask for a lot of hashing.
	g, err := c.guess(u.ID)
	if err != nil {
		return nil, err
	}
	e := Event{Kind: EventPasswordChange, Result: ResultOK, Reason: "was due", UserID: u.ID, Username: u.Username}
	after, creds, err := c.setNew(&u, pend.Creds, t.Field("password"))
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		e.Result, e.Reason = ResultRefused, p.Code
		c.emit(e)
		return nil, err
	case err != nil:
		g.giveBack()
		return nil, err
	}
	g.giveBack()
	c.emit(e)
	c.passwordChanged(&after)
	out, err := c.complete(&after, pend.Proofs, creds, in, pend.Remember)
	if errors.Is(err, errMoved) {
		return nil, problem.StepExpired
	}
	if err == nil {
		c.dropPending(pend.Token)
	}
	return out, err
}

// setNew replaces the password, as long as it and all that was proven are still what they were.
func (c *call) setNew(u *store.User, creds []credRef, next string) (after store.User, rest []credRef, err error) {
	pw := c.p.accounts.Passwords()
	have, err := c.p.users.Credential(c.ctx(), store.KindPassword, u.ID)
	if errors.Is(err, store.ErrNotFound) {
		return after, nil, problem.StepExpired
	} else if err != nil {
		return after, nil, fmt.Errorf("reading the password: %w", err)
	}
	if err := c.unmoved(creds); err != nil {
		return after, nil, or(notMoved(err), problem.StepExpired)
	}
	same, err := pw.CheckPassword(c.ctx(), u, next)
	if err != nil {
		return after, nil, fmt.Errorf("checking the password: %w", err)
	}
	if same {
		return after, nil, accountProblem(&method.UnacceptableError{Reason: "same"})
	}
	made, err := pw.MakePassword(c.ctx(), u, next)
	if err != nil {
		return after, nil, accountProblem(err)
	}
	// Nobody hangs up between the two.
	ctx := context.WithoutCancel(c.ctx())
	if err := c.spend(ctx, creds); err != nil {
		return after, nil, or(notMoved(err), problem.StepExpired)
	}
	have.Data, have.Used = made.Data, made.Used
	after, err = c.p.accounts.replacePassword(ctx, have, "", false)
	if errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrNotFound) {
		return after, nil, problem.StepExpired // changed by others at this very moment
	}
	rest = slices.DeleteFunc(slices.Clone(creds), func(k credRef) bool { return k.Kind == store.KindPassword || k.Kind == store.KindSignInTicket })
	return after, append(rest, credRef{store.KindPassword, u.ID, have.Version + 1}), err
}

// chooseAgain is the form once more, where what was typed into it is all that is wrong.
func (c *call) chooseAgain(t try, p *problem.Problem) *outcome {
	switch p.Code {
	case "password_not_acceptable", problem.Busy.Code, problem.CodeTooMany:
	default:
		return nil
	}
	pend := c.openPending(t.Step)
	if t.Step == "" || pend == nil || !pend.Choose {
		return nil
	}
	return &outcome{Choose: pend.Login, Step: &pages.Step{Token: t.Step}}
}

// notMoved is err unless it says that a credential was replaced.
func notMoved(err error) error {
	if errors.Is(err, errMoved) {
		return nil
	}
	return err
}
