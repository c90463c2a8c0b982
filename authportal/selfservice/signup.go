package selfservice

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

var errSignupClosed = &problem.Problem{Status: http.StatusForbidden, Code: "signup_closed",
	Detail: "nobody can sign up here"}

// signupFields are the fields that both faces take.
func (s *signups) signupFields() []string {
	known := append([]string{"email", "password", "name", "invite", "to", "flow"}, s.set.Signup.OwnFields()...)
	if s.set.Signup.ChoosesUsername() {
		known = append(known, "username")
	}
	return known
}

// discreet reports whether a sign-up answers the same for an address that has an account already: the difference goes
// into the mail. Without mail the form has to say it.
func (s *signups) discreet() bool {
	return s.signin.Mails() && (s.set.ConfirmEmail || s.set.Signup.Mode == settings.SignupApproval)
}

// signUp makes an account and signs its owner in, unless something comes first. The address is what somebody typed, so
// it is not confirmed: no rule matches it and no upstream is told of it.
func (s *signups) signUp(c *web.Call, f map[string]string) (*signin.LoginResult, error) {
	out, u, err := s.trySignUp(c, f)
	e := audit.Event{Kind: audit.EventSignUp, Result: audit.ResultOK, UserID: u.ID, Username: u.Username}
	var p *problem.Problem
	switch {
	case errors.Is(err, problem.UserExists) && s.discreet():
		e = audit.Event{Kind: audit.EventSignUp, Result: audit.ResultRefused, Reason: problem.UserExists.Code}
		err = nil
	case errors.As(err, &p):
		e = audit.Event{Kind: audit.EventSignUp, Result: audit.ResultRefused, Reason: p.Code}
	case err != nil:
		return nil, err // told once, as a failed request
	}
	c.Emit(e)
	return out, err
}

func (s *signups) trySignUp(c *web.Call, f map[string]string) (out *signin.LoginResult, u store.User, err error) {
	if f["invite"] != "" {
		return s.invites.acceptInvite(c, f)
	}
	if !s.signin.AnyoneSignsUp() {
		return nil, u, errSignupClosed
	}
	if err := s.signin.MustHTTPS(c); err != nil {
		return nil, u, err
	}
	n, err := s.newcomer(c, f)
	if err != nil {
		return nil, u, accounts.Problem(err)
	}
	// Signing up is counted apart from signing in: people behind one address who make accounts do not shut each other
	// out. What was counted stays counted, because every account made costs us something for ever.
	g := s.signin.NewGuess(c)
	if err := g.Count("signup", signin.AddressBlock(c.Visit.Addr), s.set.Address); err != nil {
		return nil, u, err
	}
	u, cred, err := s.newAccount(c, &n)
	if s.discreet() && (err == nil || errors.Is(err, problem.UserExists)) {
		if err != nil {
			if failed := s.weighAsAnAccount(c, &u); failed != nil {
				return nil, u, failed
			}
		}
		out, failed := s.tellByMail(c, f, &u)
		if failed != nil {
			return nil, u, failed
		}
		return out, u, err
	}
	if err != nil {
		if problem.IsFault(err) || errors.Is(err, method.ErrBusy) {
			g.GiveBack()
			err = fmt.Errorf("signing up: %w", err)
		}
		return nil, u, err
	}
	if !u.Approved {
		return &signin.LoginResult{Waiting: problem.Unapproved.Code}, u, nil
	}
	proven := method.Proven{User: u, Kind: cred.Kind, ID: cred.ID, Version: 1}
	out, err = s.signin.Finish(c, proven, s.rules.passwordMethod(), s.signin.ParseLoginRequest(c, f["to"], f["flow"]), false)
	return out, u, err
}

// tellByMail leaves to a message what becomes of a sign-up. Everything here is the same whether u was made, or its
// address belongs to somebody: the composer of the message finds out by the id, which names an account only if it was.
func (s *signups) tellByMail(c *web.Call, f map[string]string, u *store.User) (*signin.LoginResult, error) {
	room, err := s.signin.MailAllowed(c, u.Email)
	if err == nil && room {
		err = s.signin.EnqueueMail(c, message.SignUp, u.Email, message.Payload{User: u.ID, To: f["to"], Flow: f["flow"]})
	}
	if err != nil {
		return nil, fmt.Errorf("signing up: %w", err)
	}
	if !s.set.ConfirmEmail {
		return &signin.LoginResult{Waiting: problem.Unapproved.Code}, nil
	}
	return &signin.LoginResult{Waiting: "confirm_email"}, s.markSignUp(c, u.ID)
}

// weighAsAnAccount writes to the users store where an account would have been made, had its address been free: a commit
// there waits for the disk, and an answer that comes a commit sooner would tell that somebody has the address. It is a
// message about an account that is not there, which becomes nothing when it is written.
func (s *signups) weighAsAnAccount(c *web.Call, u *store.User) error {
	if err := s.signin.EnqueueMail(c, message.Waiting, u.Email, message.Payload{User: u.ID}); err != nil {
		return fmt.Errorf("signing up: %w", err)
	}
	return nil
}

// newAccount makes the account. One address is dealt with once at a time, so that a hundred posts of one form cost one
// hash and not a hundred; but where the answer must not tell that there is an account, it costs what it always does.
func (s *signups) newAccount(c *web.Call, n *accounts.NewUser) (u store.User, cred store.Credential, err error) {
	unlock, err := s.signups.lock(c.Ctx(), n.Email)
	if errors.Is(err, context.DeadlineExceeded) {
		return u, cred, method.ErrBusy
	} else if err != nil {
		return u, cred, err
	}
	defer unlock()
	if err := s.stillFree(c, n); err != nil {
		return u, cred, err
	}
	n.Unapproved = s.set.Signup.Mode == settings.SignupApproval
	return s.accounts.Create(c.Ctx(), *n, false)
}

// newcomer reads the fields of one who signs up.
func (s *signups) newcomer(c *web.Call, f map[string]string) (n accounts.NewUser, err error) {
	n = accounts.NewUser{Username: f["username"], Name: f["name"], Roles: s.set.Signup.Roles, Password: f["password"]}
	if n.Email, err = accounts.NormalizeEmail(f["email"]); err != nil {
		return n, err
	}
	if !s.rules.domainAllowed(n.Email) {
		return n, &accounts.InvalidError{Field: "email", Why: "is not of a domain that may sign up"}
	}
	if n.Password == "" {
		return n, &method.UnacceptableError{Reason: "too_short"}
	}
	n.Attributes, err = s.rules.readOwnFields(f, true)
	return n, err
}

// stillFree spares the hash where the answer is known already. The store has the last word.
func (s *signups) stillFree(c *web.Call, n *accounts.NewUser) error {
	taken := func(login string) (bool, error) {
		_, err := s.users.FindUser(c.Ctx(), login)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		} else if err != nil {
			return false, fmt.Errorf("looking for the account: %w", err)
		}
		return true, nil
	}
	if !s.discreet() {
		if is, err := taken(n.Email); err != nil || is {
			return web.Or(err, problem.UserExists)
		}
	}
	name, err := s.accounts.Username(n.Username, n.Email)
	if err != nil {
		return accounts.Problem(err)
	}
	if s.discreet() && name == n.Email {
		return nil // the store tells, after the hash
	}
	if is, err := taken(name); err != nil || is {
		return web.Or(err, problem.UsernameTaken)
	}
	return nil
}

// passwordMethod is the name under which passwords count as a proof.
func (s *rules) passwordMethod() string {
	for _, m := range s.methods {
		if _, ok := m.Method.(method.Passwords); ok {
			return m.Name
		}
	}
	return ""
}

// signupAPI answers POST signup.
func (s *signups) signupAPI(c *web.Call) error {
	f, err := c.JSONFields(s.signupFields()...)
	if err != nil {
		return err
	}
	out, err := s.signUp(c, f)
	if err != nil {
		return err
	}
	if out.Waiting != "" {
		return c.JSON(http.StatusCreated, map[string]string{"status": out.Waiting})
	}
	return s.signin.SignedIn(c, http.StatusCreated, out)
}

// signupPage shows the form. Where the pages live elsewhere it leads there, and back in the end.
func (s *signups) signupPage(c *web.Call) error {
	if !c.Visit.Site.Hosted {
		return s.signin.StartFlow(c, "/signup")
	}
	if err := s.signin.MustHTTPS(c); err != nil {
		return err
	}
	q := c.Request.URL.Query()
	return s.showSignup(c, http.StatusOK, map[string]string{"to": q.Get("to"), "flow": q.Get("flow"), "invite": q.Get("invite")}, nil)
}

// signupForm is the form's face of signUp.
func (s *signups) signupForm(c *web.Call) error {
	f, err := c.FormFields(s.signupFields()...)
	var out *signin.LoginResult
	if err == nil {
		out, err = s.signUp(c, f)
	}
	switch p := c.ShownOnPage(err); {
	case p == problem.InvalidLink:
		return s.showSignup(c, http.StatusBadRequest, map[string]string{"invite": "used"}, nil)
	case p != nil:
		return s.showSignup(c, p.Status, f, p)
	case err != nil:
		return err
	case out.Waiting != "":
		return c.Page(http.StatusOK, pages.Page{Name: pages.Signup, Data: pages.SignupData{Done: out.Waiting,
			LoginURL: c.Link("/login") + signin.Query(signin.LoginInput{To: f["to"], Flow: f["flow"]})}})
	}
	return c.Redirect(out.Location)
}

func (s *signups) showSignup(c *web.Call, status int, f map[string]string, shown *problem.Problem) error {
	data := pages.SignupData{To: f["to"], Flow: f["flow"], LoginURL: c.Link("/login") + signin.Query(signin.LoginInput{To: f["to"], Flow: f["flow"]})}
	invited, _, ok := s.signin.Links().Read(ticketInvite, f["invite"])
	switch pw := s.accounts.Passwords(); {
	case f["invite"] != "" && !ok && pw != nil:
		data.Expired, status = true, http.StatusBadRequest
	case !ok && !s.signin.AnyoneSignsUp() || pw == nil:
		data.Closed, status = true, http.StatusForbidden
	default:
		data.MinLength = pw.MinLength()
	}
	if ok {
		data.Invite, data.Account = f["invite"], invited.Email
	}
	p := pages.Page{Name: pages.Signup, LeavesSite: true, Values: map[string]string{}}
	for _, name := range s.signupFields() {
		if name != "password" && name != "invite" && f[name] != "" {
			p.Values[name] = problem.Bounded(f[name], 1000)
		}
	}
	for _, field := range s.set.Signup.Fields {
		if ok && field.Name == "username" {
			continue // whoever invited chose it
		}
		input := pages.Field{Name: field.Name, Type: "text", Required: field.Required, Value: p.Values[field.Name]}
		if field.Name == "username" {
			input.Autocomplete = "username"
		}
		data.Fields = append(data.Fields, input)
	}
	if shown != nil {
		web.ShowProblem(&p, shown)
	}
	p.Data = data
	return c.Page(status, p)
}
