package selfservice

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// doneWords are the values of "?done=" on the account page. They report a form's success after a redirect, so that a
// reload does not send the form again.
var doneWords = []string{"profile", "password", "session", "sessions", "token_deleted", "email"}

// accountPage shows the account's data and the forms to change it.
func (s *profile) accountPage(c *web.Call) error {
	var notice *pages.Message
	if word := c.Request.URL.Query().Get("done"); slices.Contains(doneWords, word) {
		notice = &pages.Message{ID: "done_" + word}
	}
	return s.showAccount(c, http.StatusOK, pages.Page{Notice: notice}, "")
}

// showAccount responds with the account page; newToken is a new API token, which is shown only this once.
func (s *profile) showAccount(c *web.Call, status int, p pages.Page, newToken string) error {
	live, u, err := s.signin.MustUser(c)
	if err != nil {
		return err
	}
	held := s.expand(u.InForce())
	data := pages.AccountData{
		NewToken: newToken, ChangesEmail: s.signin.Mails(),
		Administrator: slices.Contains(held, accounts.AdministratorRole),
		User: pages.User{ID: u.ID, Username: u.Username, Email: u.Email, Name: u.Name,
			Roles: held, Confirmed: u.Confirmed},
	}
	for _, f := range s.settings.Signup.Fields {
		if f.Name == "username" {
			continue
		}
		value, _ := u.Attributes[f.Name].(string)
		if typed, ok := p.Values[f.Name]; ok {
			value = typed
		}
		data.Fields = append(data.Fields, pages.Field{Name: f.Name, Type: "text", Required: f.Required, Value: value})
	}
	if pw := s.accounts.Passwords(); pw != nil {
		data.MinLength = pw.MinLength()
		_, err := s.users.Credential(c.Ctx(), store.KindPassword, u.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("reading the password: %w", err)
		}
		data.HasPassword = err == nil
		if !data.HasPassword && s.signin.Mails() && u.Confirmed {
			data.ForgotURL = c.Link("/forgot")
		}
	}
	if data.PendingEmail, err = s.emails.pendingEmail(c.Ctx(), &u); err != nil {
		return err
	}
	if data.Sessions, err = s.ownSessions(c, live); err != nil {
		return err
	}
	tokens, err := s.ownTokens(c, &u)
	if err != nil {
		return err
	}
	data.Tokens = make([]pages.Token, 0, len(tokens))
	for _, t := range tokens {
		data.Tokens = append(data.Tokens, pages.Token(t))
	}
	p.Name, p.Data = pages.Account, data
	return c.Page(status, p)
}

// accountFailed shows the account page again with the problem of one of its forms, or redirects to the login page if a
// recent login is missing.
func (s *profile) accountFailed(c *web.Call, err error, typed map[string]string) error {
	p := web.ToldProblem(err)
	if p == nil {
		return err
	}
	switch p.Code {
	case problem.LoginRequired.Code, problem.HTTPS.Code:
		return err
	case problem.FreshRequired.Code:
		return c.Redirect(s.signin.LoginURL(c.Visit, c.Link("/account"), web.Demand{Fresh: web.FreshFor}))
	}
	page := pages.Page{Values: map[string]string{}}
	for name, value := range typed {
		if name != "current" && name != "password" {
			page.Values[name] = problem.Bounded(value, 1000)
		}
	}
	web.ShowProblem(&page, p)
	web.SetRetry(c.Writer, p)
	return s.showAccount(c, p.Status, page, "")
}

// accountDone redirects to the account page, which reports what was done; see doneWords.
func (s *profile) accountDone(c *web.Call, word string) error {
	return c.Redirect(c.Link("/account?done=" + word))
}

// accountAPI handles GET account.
func (s *profile) accountAPI(c *web.Call) error {
	_, u, err := s.signin.MustUser(c)
	if err != nil {
		return err
	}
	return s.showAccountJSON(c, &u)
}

func (s *profile) showAccountJSON(c *web.Call, u *store.User) error {
	out, err := s.accountJSON(c, u)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

// accountJSON returns an account as its owner may read it.
func (s *profile) accountJSON(c *web.Call, u *store.User) (map[string]any, error) {
	out := s.accounts.OwnJSON(u)
	ways, err := s.credentials(c, u, store.KindPassword)
	if err != nil {
		return nil, fmt.Errorf("reading the password: %w", err)
	}
	out["sign_ins"] = ways
	pending, err := s.emails.pendingEmail(c.Ctx(), u)
	if pending != "" {
		out["pending_email"] = pending
	}
	return out, err
}

// changeProfile changes the display name and the operator's sign-up fields, the only data that a user may change.
func (s *profile) changeProfile(c *web.Call, sent map[string]string) (store.User, error) {
	_, u, err := s.signin.MustUser(c)
	if err != nil {
		return u, err
	}
	attributes, err := s.rules.readOwnFields(sent, false)
	if err != nil {
		return u, accounts.Problem(err)
	}
	var name *string
	if sent, given := sent["name"]; given {
		name = &sent
	}
	before, after, err := s.accounts.ChangeProfile(c.Ctx(), u.ID, name, attributes)
	if err != nil {
		return u, accounts.Problem(err)
	}
	if fields := accounts.Changed(&before, &after); fields != "" {
		c.Emit(audit.Event{Kind: audit.EventProfileChange, Result: audit.ResultOK, Reason: fields,
			UserID: u.ID, Username: after.Username})
	}
	return after, nil
}

// profileAPI handles PATCH account.
func (s *profile) profileAPI(c *web.Call) error {
	sent, err := c.JSONFields(append([]string{"name", "email", "username"}, s.settings.Signup.OwnFields()...)...)
	if err != nil {
		return err
	}
	if _, given := sent["username"]; given {
		return problem.InvalidField("username", "is changed by an administrator")
	}
	if email, given := sent["email"]; given {
		switch {
		case !s.signin.Mails():
			return problem.InvalidField("email", "is changed by an administrator")
		case len(sent) > 1:
			return problem.InvalidField("email", "is changed by a call of its own")
		}
		if err := s.emails.requestEmailChange(c, email); err != nil {
			return err
		}
		return c.JSON(http.StatusAccepted, map[string]string{"status": web.StatusSent})
	}
	u, err := s.changeProfile(c, sent)
	if err != nil {
		return err
	}
	return s.showAccountJSON(c, &u)
}

// profileForm handles the form of changeProfile.
func (s *profile) profileForm(c *web.Call) error {
	sent, err := c.FormFields(append([]string{"name"}, s.settings.Signup.OwnFields()...)...)
	if err == nil {
		_, err = s.changeProfile(c, sent)
	}
	if err != nil {
		return s.accountFailed(c, err, sent)
	}
	return s.accountDone(c, "profile")
}
