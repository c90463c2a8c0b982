package authportal

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

var errSignupClosed = &problem.Problem{Status: http.StatusForbidden, Code: "signup_closed",
	Detail: "nobody can sign up here"}

// signupFields are the fields that both faces take.
func (p *Portal) signupFields() []string {
	known := append([]string{"email", "password", "name", "invite", "to", "flow"}, p.ownFields()...)
	if p.choosesUsername() {
		known = append(known, "username")
	}
	return known
}

// anyoneSignsUp reports whether people without an invitation may make an account.
func (p *Portal) anyoneSignsUp() bool {
	return (p.set.Signup.Mode == SignupOpen || p.set.Signup.Mode == SignupApproval) && p.accounts.Passwords() != nil
}

// discreet reports whether a sign-up answers the same for an address that has an account already: the difference goes
// into the mail. Without mail the form has to say it.
func (p *Portal) discreet() bool {
	return p.mails() && (p.set.ConfirmEmail || p.set.Signup.Mode == SignupApproval)
}

// signUp makes an account and signs its owner in, unless something comes first. The address is what somebody typed, so
// it is not confirmed: no rule matches it and no upstream is told of it.
func (c *call) signUp(f map[string]string) (*outcome, error) {
	out, u, err := c.trySignUp(f)
	e := Event{Kind: EventSignUp, Result: ResultOK, UserID: u.ID, Username: u.Username}
	var p *problem.Problem
	switch {
	case errors.Is(err, problem.UserExists) && c.p.discreet():
		e = Event{Kind: EventSignUp, Result: ResultRefused, Reason: problem.UserExists.Code}
		err = nil
	case errors.As(err, &p):
		e = Event{Kind: EventSignUp, Result: ResultRefused, Reason: p.Code}
	case err != nil:
		return nil, err // told once, as a failed request
	}
	c.emit(e)
	return out, err
}

func (c *call) trySignUp(f map[string]string) (out *outcome, u store.User, err error) {
	if f["invite"] != "" {
		return c.acceptInvite(f)
	}
	if !c.p.anyoneSignsUp() {
		return nil, u, errSignupClosed
	}
	if err := c.mustHTTPS(); err != nil {
		return nil, u, err
	}
	n, err := c.newcomer(f)
	if err != nil {
		return nil, u, accountProblem(err)
	}
	// Signing up is counted apart from signing in: people behind one address who make accounts do not shut each other
	// out. What was counted stays counted, because every account made costs us something for ever.
	g := &guess{c: c, p: c.p}
	if err := g.count("signup", addressBlock(c.v.Addr), c.p.set.Address); err != nil {
		return nil, u, err
	}
	u, cred, err := c.newAccount(&n)
	if c.p.discreet() && (err == nil || errors.Is(err, problem.UserExists)) {
		if err != nil {
			if failed := c.weighAsAnAccount(&u); failed != nil {
				return nil, u, failed
			}
		}
		out, failed := c.tellByMail(f, &u)
		if failed != nil {
			return nil, u, failed
		}
		return out, u, err
	}
	if err != nil {
		if weFailed(err) || errors.Is(err, method.ErrBusy) {
			g.giveBack()
			err = fmt.Errorf("signing up: %w", err)
		}
		return nil, u, err
	}
	if !u.Approved {
		return &outcome{Waiting: problem.Unapproved.Code}, u, nil
	}
	proven := method.Proven{User: u, Kind: cred.Kind, ID: cred.ID, Version: 1}
	out, err = c.finish(proven, c.p.passwordMethod(), c.intent(f["to"], f["flow"]), false)
	return out, u, err
}

// tellByMail leaves to a message what becomes of a sign-up. Everything here is the same whether u was made, or its
// address belongs to somebody: the composer of the message finds out by the id, which names an account only if it was.
func (c *call) tellByMail(f map[string]string, u *store.User) (*outcome, error) {
	room, err := c.mailAllowed(u.Email)
	if err == nil && room {
		err = c.enqueueMail(mailSignUp, u.Email, mailPayload{User: u.ID, To: f["to"], Flow: f["flow"]})
	}
	if err != nil {
		return nil, fmt.Errorf("signing up: %w", err)
	}
	if !c.p.set.ConfirmEmail {
		return &outcome{Waiting: problem.Unapproved.Code}, nil
	}
	return &outcome{Waiting: "confirm_email"}, c.markSignUp(u.ID)
}

// weighAsAnAccount writes to the users store where an account would have been made, had its address been free: a commit
// there waits for the disk, and an answer that comes a commit sooner would tell that somebody has the address. It is a
// message about an account that is not there, which becomes nothing when it is written.
func (c *call) weighAsAnAccount(u *store.User) error {
	if err := c.enqueueMail(mailWaiting, u.Email, mailPayload{User: u.ID}); err != nil {
		return fmt.Errorf("signing up: %w", err)
	}
	return nil
}

// newAccount makes the account. One address is dealt with once at a time, so that a hundred posts of one form cost one
// hash and not a hundred; but where the answer must not tell that there is an account, it costs what it always does.
func (c *call) newAccount(n *NewUser) (u store.User, cred store.Credential, err error) {
	unlock, err := c.p.signups.lock(c.ctx(), n.Email)
	if errors.Is(err, context.DeadlineExceeded) {
		return u, cred, method.ErrBusy
	} else if err != nil {
		return u, cred, err
	}
	defer unlock()
	if err := c.stillFree(n); err != nil {
		return u, cred, err
	}
	n.Unapproved = c.p.set.Signup.Mode == SignupApproval
	return c.p.accounts.create(c.ctx(), *n, false)
}

// newcomer reads the fields of one who signs up.
func (c *call) newcomer(f map[string]string) (n NewUser, err error) {
	n = NewUser{Username: f["username"], Name: f["name"], Roles: c.p.set.Signup.Roles, Password: f["password"]}
	if n.Email, err = NormalizeEmail(f["email"]); err != nil {
		return n, err
	}
	if !c.p.domainAllowed(n.Email) {
		return n, &InvalidError{Field: "email", Why: "is not of a domain that may sign up"}
	}
	if n.Password == "" {
		return n, &method.UnacceptableError{Reason: "too_short"}
	}
	n.Attributes, err = c.p.readOwnFields(f, true)
	return n, err
}

// stillFree spares the hash where the answer is known already. The store has the last word.
func (c *call) stillFree(n *NewUser) error {
	taken := func(login string) (bool, error) {
		_, err := c.p.users.FindUser(c.ctx(), login)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		} else if err != nil {
			return false, fmt.Errorf("looking for the account: %w", err)
		}
		return true, nil
	}
	if !c.p.discreet() {
		if is, err := taken(n.Email); err != nil || is {
			return or(err, problem.UserExists)
		}
	}
	name, err := c.p.accounts.username(n.Username, n.Email)
	if err != nil {
		return accountProblem(err)
	}
	if c.p.discreet() && name == n.Email {
		return nil // the store tells, after the hash
	}
	if is, err := taken(name); err != nil || is {
		return or(err, problem.UsernameTaken)
	}
	return nil
}

func or(err error, outcome *problem.Problem) error {
	if err != nil {
		return err
	}
	return outcome
}

// passwordMethod is the name under which passwords count as a proof.
func (p *Portal) passwordMethod() string {
	for _, m := range p.methods {
		if _, ok := m.Method.(method.Passwords); ok {
			return m.Name
		}
	}
	return ""
}

// signupAPI answers POST signup.
func (c *call) signupAPI() error {
	f, err := c.jsonFields(c.p.signupFields()...)
	if err != nil {
		return err
	}
	out, err := c.signUp(f)
	if err != nil {
		return err
	}
	if out.Waiting != "" {
		return c.json(http.StatusCreated, map[string]string{"status": out.Waiting})
	}
	return c.signedIn(http.StatusCreated, out)
}

// signupPage shows the form. Where the pages live elsewhere it leads there, and back in the end.
func (c *call) signupPage() error {
	if !c.v.Site.Hosted {
		return c.startFlow("/signup")
	}
	if err := c.mustHTTPS(); err != nil {
		return err
	}
	q := c.r.URL.Query()
	return c.showSignup(http.StatusOK, map[string]string{"to": q.Get("to"), "flow": q.Get("flow"), "invite": q.Get("invite")}, nil)
}

// signupForm is the form's face of signUp.
func (c *call) signupForm() error {
	f, err := c.formFields(c.p.signupFields()...)
	var out *outcome
	if err == nil {
		out, err = c.signUp(f)
	}
	switch p := c.shownOnPage(err); {
	case p == problem.InvalidLink:
		return c.showSignup(http.StatusBadRequest, map[string]string{"invite": "used"}, nil)
	case p != nil:
		return c.showSignup(p.Status, f, p)
	case err != nil:
		return err
	case out.Waiting != "":
		return c.page(http.StatusOK, pages.Page{Name: pages.Signup, Data: pages.SignupData{Done: out.Waiting,
			LoginURL: c.link("/login") + query(try{To: f["to"], Flow: f["flow"]})}})
	}
	return c.redirect(out.Location)
}

func (c *call) showSignup(status int, f map[string]string, shown *problem.Problem) error {
	data := pages.SignupData{To: f["to"], Flow: f["flow"], LoginURL: c.link("/login") + query(try{To: f["to"], Flow: f["flow"]})}
	invited, _, ok := c.p.links().Read(ticketInvite, f["invite"])
	switch pw := c.p.accounts.Passwords(); {
	case f["invite"] != "" && !ok && pw != nil:
		data.Expired, status = true, http.StatusBadRequest
	case !ok && !c.p.anyoneSignsUp() || pw == nil:
		data.Closed, status = true, http.StatusForbidden
	default:
		data.MinLength = pw.MinLength()
	}
	if ok {
		data.Invite, data.Account = f["invite"], invited.Email
	}
	p := pages.Page{Name: pages.Signup, LeavesSite: true, Values: map[string]string{}}
	for _, name := range c.p.signupFields() {
		if name != "password" && name != "invite" && f[name] != "" {
			p.Values[name] = bounded(f[name], 1000)
		}
	}
	for _, field := range c.p.set.Signup.Fields {
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
		showProblem(&p, shown)
	}
	p.Data = data
	return c.page(status, p)
}
