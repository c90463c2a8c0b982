package authportal

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// done are the words after "?done=" of the account page: what a form has just achieved, told after the redirect that
// keeps a reload from sending it twice.
var done = []string{"profile", "password", "session", "sessions", "token_deleted", "email"}

// accountPage shows the person what is kept of them, and the forms to change it.
func (c *call) accountPage() error {
	var notice *pages.Message
	if word := c.r.URL.Query().Get("done"); slices.Contains(done, word) {
		notice = &pages.Message{ID: "done_" + word}
	}
	return c.showAccount(http.StatusOK, pages.Page{Notice: notice}, "")
}

// showAccount fills the page; newToken is shown once.
func (c *call) showAccount(status int, p pages.Page, newToken string) error {
	live, u, err := c.mustUser()
	if err != nil {
		return err
	}
	held := c.p.expand(u.InForce())
	data := pages.AccountData{NewToken: newToken, ChangesEmail: c.p.mails(), Administrator: slices.Contains(held, administratorRole), User: pages.User{
		ID: u.ID, Username: u.Username, Email: u.Email, Name: u.Name, Roles: held, Confirmed: u.Confirmed}}
	for _, f := range c.p.set.Signup.Fields {
		if f.Name == "username" {
			continue
		}
		value, _ := u.Attributes[f.Name].(string)
		if typed, ok := p.Values[f.Name]; ok {
			value = typed
		}
		data.Fields = append(data.Fields, pages.Field{Name: f.Name, Type: "text", Required: f.Required, Value: value})
	}
	if pw := c.p.accounts.Passwords(); pw != nil {
		data.MinLength = pw.MinLength()
		_, err := c.p.users.Credential(c.ctx(), store.KindPassword, u.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("reading the password: %w", err)
		}
		data.HasPassword = err == nil
		if !data.HasPassword && c.p.mails() && u.Confirmed {
			data.ForgotURL = c.link("/forgot")
		}
	}
	if data.PendingEmail, err = c.p.pendingEmail(c.ctx(), &u); err != nil {
		return err
	}
	if data.Sessions, err = c.ownSessions(live); err != nil {
		return err
	}
	tokens, err := c.ownTokens(&u)
	if err != nil {
		return err
	}
	data.Tokens = make([]pages.Token, 0, len(tokens))
	for _, t := range tokens {
		data.Tokens = append(data.Tokens, pages.Token(t))
	}
	p.Name, p.Data = pages.Account, data
	return c.page(status, p)
}

// accountFailed shows the page again with what went wrong in one of its forms, or leads to signing in again.
func (c *call) accountFailed(err error, typed map[string]string) error {
	p := toldProblem(err)
	if p == nil {
		return err
	}
	switch p.Code {
	case problem.LoginRequired.Code, problem.HTTPS.Code:
		return err
	case problem.FreshRequired.Code:
		return c.redirect(c.p.LoginURL(c.v, c.link("/account"), Demand{Fresh: freshFor}))
	}
	page := pages.Page{Values: map[string]string{}}
	for name, value := range typed {
		if name != "current" && name != "password" {
			page.Values[name] = bounded(value, 1000)
		}
	}
	showProblem(&page, p)
	setRetry(c.w, p)
	return c.showAccount(p.Status, page, "")
}

// accountDone leads back to the page, which says what was done.
func (c *call) accountDone(word string) error { return c.redirect(c.link("/account?done=" + word)) }

// accountAPI answers GET account.
func (c *call) accountAPI() error {
	_, u, err := c.mustUser()
	if err != nil {
		return err
	}
	return c.showAccountJSON(&u)
}

func (c *call) showAccountJSON(u *store.User) error {
	out, err := c.accountJSON(u)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, out)
}

// accountJSON is all that is kept of an account, as its owner reads it.
func (c *call) accountJSON(u *store.User) (map[string]any, error) {
	out := c.p.accounts.OwnJSON(u)
	ways, err := c.credentials(u, store.KindPassword)
	if err != nil {
		return nil, fmt.Errorf("reading the password: %w", err)
	}
	out["sign_ins"] = ways
	pending, err := c.p.pendingEmail(c.ctx(), u)
	if pending != "" {
		out["pending_email"] = pending
	}
	return out, err
}

// changeProfile changes the name and the operator's fields that people fill in; everything else is the operator's.
func (c *call) changeProfile(sent map[string]string) (store.User, error) {
	_, u, err := c.mustUser()
	if err != nil {
		return u, err
	}
	attributes, err := c.p.readOwnFields(sent, false)
	if err != nil {
		return u, accountProblem(err)
	}
	var name *string
	if sent, given := sent["name"]; given {
		name = &sent
	}
	before, after, err := c.p.accounts.changeProfile(c.ctx(), u.ID, name, attributes)
	if err != nil {
		return u, accountProblem(err)
	}
	if fields := changed(&before, &after); fields != "" {
		c.emit(Event{Kind: EventProfileChange, Result: ResultOK, Reason: fields,
			UserID: u.ID, Username: after.Username})
	}
	return after, nil
}

// profileAPI answers PATCH account.
func (c *call) profileAPI() error {
	sent, err := c.jsonFields(append([]string{"name", "email", "username"}, c.p.ownFields()...)...)
	if err != nil {
		return err
	}
	if _, given := sent["username"]; given {
		return problem.InvalidField("username", "is changed by an administrator")
	}
	if email, given := sent["email"]; given {
		switch {
		case !c.p.mails():
			return problem.InvalidField("email", "is changed by an administrator")
		case len(sent) > 1:
			return problem.InvalidField("email", "is changed by a call of its own")
		}
		if err := c.askEmail(email); err != nil {
			return err
		}
		return c.json(http.StatusAccepted, map[string]string{"status": statusSent})
	}
	u, err := c.changeProfile(sent)
	if err != nil {
		return err
	}
	return c.showAccountJSON(&u)
}

// profileForm is the form's face of changeProfile.
func (c *call) profileForm() error {
	sent, err := c.formFields(append([]string{"name"}, c.p.ownFields()...)...)
	if err == nil {
		_, err = c.changeProfile(sent)
	}
	if err != nil {
		return c.accountFailed(err, sent)
	}
	return c.accountDone("profile")
}
