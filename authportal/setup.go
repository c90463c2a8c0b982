package authportal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/onetime"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	ticketSetup = "setup"
	setupLife   = time.Hour
)

// SetupLink returns the token of a new set-up link, good for an hour and for one administrator, while there is no
// enabled one. The host calls it when it starts and logs `<portal base>/setup?token=<token>`: whoever reads the log is
// the operator. The store keeps the SHA-256 of the token.
func (p *Portal) SetupLink(ctx context.Context) (token string, needed bool, err error) {
	has, err := p.accounts.hasAdministrator(ctx)
	if err != nil || has {
		return "", false, err
	}
	until := p.now().Add(setupLife)
	if token, err = p.links().IssueBare(ctx, ticketSetup, setupTicket{until}, until); err != nil {
		return "", true, fmt.Errorf("making a set-up link: %w", err)
	}
	return token, true, nil
}

// setupTicket is what the store keeps of a link: enough to put it back where it was taken in vain.
type setupTicket struct {
	Deadline time.Time `json:"d"`
}

var errSetupLink = &problem.Problem{Status: http.StatusBadRequest, Code: "invalid_token",
	Detail: "the link is used, old or incomplete; a restart logs a new one"}

// setupPage shows the form. It takes nothing: a GET may be a scanner's.
func (c *call) setupPage() error {
	if err := c.maySetUp(); err != nil {
		return err
	}
	return c.showSetup(http.StatusOK, map[string]string{"token": c.r.URL.Query().Get("token")}, nil)
}

// maySetUp hides the page once there is an administrator.
func (c *call) maySetUp() error {
	has, err := c.p.accounts.hasAdministrator(c.ctx())
	switch {
	case err != nil:
		return err
	case has || c.p.accounts.Passwords() == nil:
		return problem.NotFound
	}
	return c.mustHTTPS()
}

// setupForm makes the first administrator: always a new account. Whoever has one already is made administrator by the
// command line.
func (c *call) setupForm() error {
	f, err := c.formFields("token", "email", "password", "name", "username")
	if err != nil {
		return err
	}
	if err := c.maySetUp(); err != nil {
		return err
	}
	out, err := c.setUp(f)
	if p := c.shownOnPage(err); p != nil {
		c.emit(Event{Kind: EventSetup, Result: ResultRefused, Reason: p.Code})
		return c.showSetup(p.Status, f, p)
	}
	if err != nil {
		return err
	}
	return c.redirect(out.Location)
}

func (c *call) setUp(f map[string]string) (*outcome, error) {
	// The token cannot be guessed; what is bounded here is how much hashing a stranger can ask for.
	g, err := c.guess("")
	if err != nil {
		return nil, err
	}
	if !onetime.WellFormed(f["token"]) {
		return nil, errSetupLink
	}
	u, cred, err := c.prepareAdministrator(f)
	if err != nil {
		return nil, err
	}
	if err := c.p.firstAdministrator(c.ctx(), f["token"], u, cred); err != nil {
		return nil, accountProblem(err)
	}
	g.giveBack()
	c.emit(Event{Kind: EventSetup, Result: ResultOK, UserID: u.ID, Username: u.Username})
	return c.finish(method.Proven{User: u, Kind: cred.Kind, ID: cred.ID, Version: 1}, c.p.passwordMethod(), c.intent("", ""), false)
}

// prepareAdministrator checks what was sent, before the link is used up by a typing error.
func (c *call) prepareAdministrator(f map[string]string) (u store.User, cred store.Credential, err error) {
	if f["password"] == "" {
		return u, cred, accountProblem(&method.UnacceptableError{Reason: "too_short"})
	}
	n := NewUser{Email: f["email"], Username: f["username"], Name: f["name"], Password: f["password"], Roles: []string{administratorRole}}
	if n.Email, err = NormalizeEmail(n.Email); err != nil {
		return u, cred, accountProblem(err)
	}
	// Whether the address is free is for whoever holds the link: the store tells it once that was taken.
	u, creds, err := c.p.accounts.prepare(c.ctx(), n, true)
	if err != nil {
		return u, cred, accountProblem(err)
	}
	u.Version = 1
	return u, creds[0], nil
}

// firstAdministrator takes the link and stores the account, if there still is no administrator. Two links may be out
// (of two starts, of two gateways) and used at once: a claim in the users store lets one of them through at a time.
func (p *Portal) firstAdministrator(ctx context.Context, token string, u store.User, cred store.Credential) error {
	release, err := p.claimSetup(ctx)
	if err != nil {
		return err
	}
	defer release()
	var t setupTicket
	err = p.links().TakeBare(ctx, ticketSetup, token, &t)
	if errors.Is(err, problem.InvalidLink) {
		return errSetupLink
	} else if err != nil {
		return fmt.Errorf("taking the set-up link: %w", err)
	}
	has, err := p.accounts.hasAdministrator(ctx)
	if err == nil && has {
		return problem.NotFound // the link is gone, and nobody needs one
	}
	if err == nil {
		err = p.accounts.makePrepared(ctx, u, cred)
	}
	if err != nil {
		p.restoreSetup(ctx, token, t)
		return err
	}
	return nil
}

// restoreSetup puts a link back that was taken in vain: the operator would have to restart for another.
func (p *Portal) restoreSetup(ctx context.Context, token string, t setupTicket) {
	if err := p.links().RestoreBare(context.WithoutCancel(ctx), ticketSetup, token, t, t.Deadline); err != nil {
		p.log.WarnContext(ctx, "the set-up link is lost; restart for a new one", "error", err)
	}
}

const (
	settingSetup = "setup.claim"
	setupFree    = "free"
	claimLife    = time.Minute // after which a claim was left behind by a crash
)

// claimSetup returns when nobody else is making the first administrator, and keeps it so until release is called.
func (p *Portal) claimSetup(ctx context.Context) (release func(), err error) {
	busy := *problem.Changing
	busy.Detail = "somebody else is making the first administrator right now"
	old, err := p.users.Setting(ctx, settingSetup)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("claiming the set-up: %w", err)
	} else if err != nil {
		old = nil
	}
	stamp, _, _ := strings.Cut(string(old), " ")
	if since, err := time.Parse(time.RFC3339, stamp); err == nil && p.now().Sub(since) < claimLife {
		return nil, &busy
	}
	nonce := make([]byte, 9)
	if _, err := io.ReadFull(p.rand, nonce); err != nil {
		return nil, fmt.Errorf("reading randomness: %w", err)
	}
	mine := []byte(p.now().UTC().Format(time.RFC3339) + " " + secret64.EncodeToString(nonce))
	if err := p.users.PutSetting(ctx, settingSetup, old, mine); errors.Is(err, store.ErrStale) {
		return nil, &busy
	} else if err != nil {
		return nil, fmt.Errorf("claiming the set-up: %w", err)
	}
	return func() {
		ctx := context.WithoutCancel(ctx)
		if err := p.users.PutSetting(ctx, settingSetup, mine, []byte(setupFree)); err != nil {
			p.log.WarnContext(ctx, "set-up stays claimed for a minute", "error", err)
		}
	}, nil
}

func (c *call) showSetup(status int, f map[string]string, shown *problem.Problem) error {
	data := pages.SetupData{Token: f["token"]}
	data.MinLength = c.p.accounts.Passwords().MinLength()
	if shown == errSetupLink || f["token"] == "" {
		data.Token, data.Expired = "", true
		status = http.StatusBadRequest
	}
	p := pages.Page{Name: pages.Setup, Values: map[string]string{}, Data: data}
	for _, name := range []string{"email", "name", "username"} {
		p.Values[name] = bounded(f[name], 300)
	}
	if shown != nil {
		showProblem(&p, shown)
	}
	return c.page(status, p)
}
