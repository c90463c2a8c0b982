package selfservice

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// changeEmail makes the change of address that a link confirms. It does not sign in: the link proves control of the
// mailbox and nothing else.
func (s *emails) changeEmail(c *web.Call, token string) (accounts.EmailMove, error) {
	const doing = "changing an address"
	return s.useEmailLink(c, audit.EventEmailChange, doing, func() (accounts.EmailMove, store.User, error) {
		return s.tryChangeEmail(c, token)
	})
}

// useEmailLink runs try, which spends a link about a change of address. It counts the attempt as a guess and audits the
// result.
func (s *emails) useEmailLink(c *web.Call, event, doing string,
	try func() (accounts.EmailMove, store.User, error)) (accounts.EmailMove, error) {
	if !s.signin.Mails() {
		return accounts.EmailMove{}, problem.NoMail
	}
	if err := s.signin.MustHTTPS(c); err != nil {
		return accounts.EmailMove{}, err
	}
	g, err := s.signin.Guess(c, "")
	if err != nil {
		return accounts.EmailMove{}, err
	}
	m, u, err := try()
	e := audit.Event{Kind: event, Result: audit.ResultOK, UserID: u.ID, Username: u.Username}
	var p *problem.Problem
	if errors.As(err, &p) {
		e.Result, e.Reason = audit.ResultRefused, p.Code
		c.Emit(e)
		return m, err
	}
	g.GiveBack()
	if err != nil {
		return m, fmt.Errorf("%s: %w", doing, err)
	}
	c.Emit(e)
	return m, nil
}

func (s *emails) tryChangeEmail(c *web.Call, token string) (m accounts.EmailMove, u store.User, err error) {
	m, k, err := s.openEmailLink(c.Ctx(), store.KindEmailChange, token)
	if err != nil {
		return m, u, err
	}
	// Of concurrent clicks only one deletes it. Check the account only afterwards.
	if err = s.accounts.TakeEmailMove(c.Ctx(), &k); errors.Is(err, store.ErrNotFound) {
		return m, u, problem.InvalidLink
	} else if err != nil {
		return m, u, err
	}
	// The link is spent: finish even if the client disconnects.
	ctx := context.WithoutCancel(c.Ctx())
	if u, err = s.users.User(ctx, k.Owner); errors.Is(err, store.ErrNotFound) {
		return m, store.User{}, problem.InvalidLink
	} else if err != nil {
		return m, u, err
	}
	after, undo, err := s.accounts.MoveEmail(ctx, &u, &m, func(u *store.User) error {
		if still, err := s.stillValid(ctx, u, &m); err != nil || !still {
			return web.Or(err, problem.InvalidLink)
		}
		return nil
	})
	if err != nil {
		return m, u, accounts.Problem(err)
	}
	if undo == "" {
		return m, after, nil
	}
	// The change is made even if this message fails; the old address was notified of the request.
	err = s.signin.EnqueueMail(c, message.EmailChanged, m.Old, message.Payload{User: u.ID, Who: m.New, ID: undo})
	if err != nil {
		s.log.ErrorContext(ctx, "notifying the old email address of a change failed", "user_id", u.ID, "error", err)
	}
	return m, after, nil
}

// emailPage shows the account, the new address and a button. It does not spend the link: a mail scanner may have sent
// the GET.
func (s *emails) emailPage(c *web.Call) error {
	return s.showEmail(c, http.StatusOK, store.KindEmailChange, c.Request.URL.Query().Get("token"), nil)
}

func (s *emails) emailForm(c *web.Call) error {
	f, err := c.FormFields("token")
	if err != nil {
		return err
	}
	m, err := s.changeEmail(c, f["token"])
	return s.emailDone(c, store.KindEmailChange, f["token"], &m, err)
}

// emailDone shows the result of a link's form.
func (s *emails) emailDone(c *web.Call, kind, token string, m *accounts.EmailMove, err error) error {
	if p := c.ShownOnPage(err); p != nil {
		return s.showEmail(c, p.Status, kind, token, p)
	}
	if err == nil {
		data := pages.EmailData{Undo: kind == store.KindEmailUndo, Done: true, Account: m.Old, Email: m.New,
			LoginURL: c.Link("/login")}
		return c.Page(http.StatusOK, pages.Page{Name: pages.Email, Data: data})
	}
	return err
}

func (s *emails) showEmail(c *web.Call, status int, kind, token string, shown *problem.Problem) error {
	if !s.signin.Mails() {
		return problem.NoMail
	}
	if err := s.signin.MustHTTPS(c); err != nil {
		return err
	}
	data := pages.EmailData{Undo: kind == store.KindEmailUndo, LoginURL: c.Link("/login")}
	p := pages.Page{Name: pages.Email}
	m, _, err := s.openEmailLink(c.Ctx(), kind, token)
	switch {
	case err == nil:
		data.Token, data.Account, data.Email = token, m.Old, m.New
	case !errors.Is(err, problem.InvalidLink):
		return err
	case shown == nil || shown.Code == problem.InvalidLink.Code:
		data.Expired, status, shown = true, http.StatusBadRequest, nil
	}
	if shown != nil {
		web.ShowProblem(&p, shown)
	}
	p.Data = data
	return c.Page(status, p)
}
