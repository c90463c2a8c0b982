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

// signupFields returns the fields that the form and the API accept.
func (s *signups) signupFields() []string {
	known := append([]string{"email", "password", "name", "invite", "to", "flow"}, s.settings.Signup.OwnFields()...)
	if s.settings.Signup.ChoosesUsername() {
		known = append(known, "username")
	}
	return known
}

// hidesAccountExistence reports whether the response to a sign-up is the same for an address that already has an
// account (account enumeration). The message to the address then makes the difference. Without mail the form must say
// it.
func (s *signups) hidesAccountExistence() bool {
	return s.signin.Mails() && (s.settings.ConfirmEmail || s.settings.Signup.Mode == settings.SignupApproval)
}

// signUp makes an account and signs in, unless confirmation or approval comes first. The address is not confirmed: no
// rule matches it, and no upstream receives it.
func (s *signups) signUp(c *web.Call, f map[string]string) (*signin.LoginResult, error) {
	out, u, err := s.trySignUp(c, f)
	e := audit.Event{Kind: audit.EventSignUp, Result: audit.ResultOK, UserID: u.ID, Username: u.Username}
	var p *problem.Problem
	switch {
	case errors.Is(err, problem.UserExists) && s.hidesAccountExistence():
		e = audit.Event{Kind: audit.EventSignUp, Result: audit.ResultRefused, Reason: problem.UserExists.Code}
		err = nil
	case errors.As(err, &p):
		e = audit.Event{Kind: audit.EventSignUp, Result: audit.ResultRefused, Reason: p.Code}
	case err != nil:
		return nil, err // logged as a failed request, not audited
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
	n, err := s.readSignUp(c, f)
	if err != nil {
		return nil, u, accounts.Problem(err)
	}
	// Sign-ups have a counter of their own, so that users behind one address who sign up do not lock each other out of
	// signing in. A success is counted too, because every account takes up storage for good.
	g := s.signin.NewGuess(c)
	if err := g.Count("signup", signin.AddressBlock(c.Visit.Addr), s.settings.Address); err != nil {
		return nil, u, err
	}
	u, cred, err := s.newAccount(c, &n)
	if s.hidesAccountExistence() && (err == nil || errors.Is(err, problem.UserExists)) {
		if err != nil {
			if failed := s.equalizeSignUpTiming(c, &u); failed != nil {
				return nil, u, failed
			}
		}
		out, failed := s.finishByMail(c, f, &u)
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

// finishByMail queues the message that continues a sign-up. It does the same whether u was made or its address already
// has an account; the composer of the message distinguishes them by the id, which exists only if u was made.
func (s *signups) finishByMail(c *web.Call, f map[string]string, u *store.User) (*signin.LoginResult, error) {
	room, err := s.signin.MailAllowed(c, u.Email)
	if err == nil && room {
		payload := message.Payload{User: u.ID, To: f["to"], Flow: f["flow"]}
		err = s.signin.EnqueueMail(c, message.SignUp, u.Email, payload)
	}
	if err != nil {
		return nil, fmt.Errorf("signing up: %w", err)
	}
	if !s.settings.ConfirmEmail {
		return &signin.LoginResult{Waiting: problem.Unapproved.Code}, nil
	}
	return &signin.LoginResult{Waiting: "confirm_email"}, s.setSignUpCookie(c, u.ID)
}

// equalizeSignUpTiming writes to the users store if the address already has an account. Making an account takes a
// commit that waits for the disk, so a response without one would come sooner and reveal that the account exists
// (timing side channel). It queues a message about an account that does not exist, which is dropped when it is
// composed.
func (s *signups) equalizeSignUpTiming(c *web.Call, u *store.User) error {
	if err := s.signin.EnqueueMail(c, message.Waiting, u.Email, message.Payload{User: u.ID}); err != nil {
		return fmt.Errorf("signing up: %w", err)
	}
	return nil
}

// newAccount makes the account. It handles one sign-up for an address at a time, so that a hundred concurrent posts of
// a form cost one password hash and not a hundred. If hidesAccountExistence, each costs the same.
func (s *signups) newAccount(c *web.Call, n *accounts.NewUser) (u store.User, cred store.Credential, err error) {
	unlock, err := s.signups.lock(c.Ctx(), n.Email)
	if errors.Is(err, context.DeadlineExceeded) {
		return u, cred, method.ErrBusy
	} else if err != nil {
		return u, cred, err
	}
	defer unlock()
	if err := s.checkFree(c, n); err != nil {
		return u, cred, err
	}
	n.Unapproved = s.settings.Signup.Mode == settings.SignupApproval
	return s.accounts.Create(c.Ctx(), *n, false)
}

// readSignUp validates the fields of a sign-up.
func (s *signups) readSignUp(c *web.Call, f map[string]string) (n accounts.NewUser, err error) {
	n = accounts.NewUser{Username: f["username"], Name: f["name"], Password: f["password"],
		Roles: s.settings.Signup.Roles}
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

// checkFree saves the cost of a password hash if the address or username is already taken. The store checks again.
func (s *signups) checkFree(c *web.Call, n *accounts.NewUser) error {
	taken := func(login string) (bool, error) {
		_, err := s.users.FindUser(c.Ctx(), login)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		} else if err != nil {
			return false, fmt.Errorf("looking for the account: %w", err)
		}
		return true, nil
	}
	if !s.hidesAccountExistence() {
		if is, err := taken(n.Email); err != nil || is {
			return web.Or(err, problem.UserExists)
		}
	}
	name, err := s.accounts.Username(n.Username, n.Email)
	if err != nil {
		return accounts.Problem(err)
	}
	if s.hidesAccountExistence() && name == n.Email {
		return nil // the store checks it, after the hash
	}
	if is, err := taken(name); err != nil || is {
		return web.Or(err, problem.UsernameTaken)
	}
	return nil
}

// passwordMethod returns the name of the configured password method, or "".
func (s *rules) passwordMethod() string {
	for _, m := range s.methods {
		if _, ok := m.Method.(method.Passwords); ok {
			return m.Name
		}
	}
	return ""
}

// signupAPI handles POST signup.
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

// signupPage shows the form. If a portal elsewhere serves the pages, it redirects there; the portal returns here.
func (s *signups) signupPage(c *web.Call) error {
	if !c.Visit.Site.Hosted {
		return s.signin.StartFlow(c, "/signup")
	}
	if err := s.signin.MustHTTPS(c); err != nil {
		return err
	}
	q := c.Request.URL.Query()
	f := map[string]string{"to": q.Get("to"), "flow": q.Get("flow"), "invite": q.Get("invite")}
	return s.showSignup(c, http.StatusOK, f, nil)
}

// signupForm handles the form of signUp.
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
	data := pages.SignupData{To: f["to"], Flow: f["flow"],
		LoginURL: c.Link("/login") + signin.Query(signin.LoginInput{To: f["to"], Flow: f["flow"]})}
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
	for _, field := range s.settings.Signup.Fields {
		if ok && field.Name == "username" {
			continue // the administrator chose it
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
