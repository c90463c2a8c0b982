package authportal

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/store"
)

// changeEmail makes the change that a link is about. Like the confirmation of a sign-up it signs nobody in: whoever
// reads the mail proves the mailbox, and no more.
func (c *call) changeEmail(token string) (emailMove, error) {
	return c.byEmailLink(EventEmailChange, "changing an address", token, c.tryChangeEmail)
}

// byEmailLink does what a link about a change of address is for, counts it as a guess, and tells of it.
func (c *call) byEmailLink(event, doing, token string, try func(token string) (emailMove, store.User, error)) (emailMove, error) {
	if !c.p.mails() {
		return emailMove{}, errNoMail
	}
	if err := c.mustHTTPS(); err != nil {
		return emailMove{}, err
	}
	g, err := c.guess("")
	if err != nil {
		return emailMove{}, err
	}
	m, u, err := try(token)
	e := Event{Kind: event, Result: ResultOK, UserID: u.ID, Username: u.Username}
	var p *Problem
	if errors.As(err, &p) {
		e.Result, e.Reason = ResultRefused, p.Code
		c.emit(e)
		return m, err
	}
	g.giveBack()
	if err != nil {
		return m, fmt.Errorf("%s: %w", doing, err)
	}
	c.emit(e)
	return m, nil
}

func (c *call) tryChangeEmail(token string) (m emailMove, u store.User, err error) {
	m, k, err := c.p.openEmailLink(c.ctx(), store.KindEmailChange, token)
	if err != nil {
		return m, u, err
	}
	// Of many clicks one removes it. Everything else is held against the account after that.
	err = c.p.accounts.takeEmailMove(c.ctx(), &k)
	if errors.Is(err, store.ErrNotFound) {
		return m, u, errMailToken
	} else if err != nil {
		return m, u, err
	}
	// Nobody hangs up between the link and the change.
	ctx := context.WithoutCancel(c.ctx())
	if u, err = c.p.users.User(ctx, k.Owner); errors.Is(err, store.ErrNotFound) {
		return m, store.User{}, errMailToken
	} else if err != nil {
		return m, u, err
	}
	after, undo, err := c.p.accounts.moveEmail(ctx, &u, &m, func(u *store.User) error {
		if still, err := c.p.stillAsked(ctx, u, &m); err != nil || !still {
			return or(err, errMailToken)
		}
		return nil
	})
	if err != nil {
		return m, u, accountProblem(err)
	}
	if undo == "" {
		return m, after, nil
	}
	// The change stands, whether it can be told or not; that it was asked for has been.
	if err := c.post(mailEmailChanged, m.Old, about{User: u.ID, Who: m.New, ID: undo}); err != nil {
		c.p.log.ErrorContext(ctx, "the old address could not be told of a new one", "user_id", u.ID, "error", err)
	}
	return m, after, nil
}

// emailPage names the account and the new address, and asks for a click. It takes nothing: a GET may be a scanner's.
func (c *call) emailPage() error {
	return c.showEmail(http.StatusOK, store.KindEmailChange, c.r.URL.Query().Get("token"), nil)
}

func (c *call) emailForm() error {
	f, err := c.formFields("token")
	if err != nil {
		return err
	}
	m, err := c.changeEmail(f["token"])
	return c.emailDone(store.KindEmailChange, f["token"], &m, err)
}

// emailDone shows how the form of a link ended.
func (c *call) emailDone(kind, token string, m *emailMove, err error) error {
	var p *Problem
	switch {
	case err == nil:
		data := pages.EmailData{Undo: kind == store.KindEmailUndo, Done: true, Account: m.Old, Email: m.New, LoginURL: c.link("/login")}
		return c.page(http.StatusOK, pages.Page{Name: pages.Email, Data: data})
	case errors.As(err, &p) && p.Code != errHTTPS.Code && p.Code != errNotFound.Code:
		setRetry(c.w, p)
		return c.showEmail(p.Status, kind, token, p)
	}
	return err
}

func (c *call) showEmail(status int, kind, token string, problem *Problem) error {
	if !c.p.mails() {
		return errNoMail
	}
	if err := c.mustHTTPS(); err != nil {
		return err
	}
	data := pages.EmailData{Undo: kind == store.KindEmailUndo, LoginURL: c.link("/login")}
	p := pages.Page{Name: pages.Email}
	m, _, err := c.p.openEmailLink(c.ctx(), kind, token)
	switch {
	case err == nil:
		data.Token, data.Account, data.Email = token, m.Old, m.New
	case !errors.Is(err, errMailToken):
		return err
	case problem == nil || problem.Code == errMailToken.Code:
		data.Expired, status, problem = true, http.StatusBadRequest, nil
	}
	if problem != nil {
		showProblem(&p, problem)
	}
	p.Data = data
	return c.page(status, p)
}
