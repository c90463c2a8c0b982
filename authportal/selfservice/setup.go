package selfservice

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/onetime"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	ticketSetup = "setup" // purpose of the link
	setupLife   = time.Hour
)

// SetupLink returns the token of a new set-up link if there is no enabled administrator. The link is valid for an hour
// and makes one administrator. The host logs `<portal base>/setup?token=<token>` when it starts, because only the
// operator can read the log. The store keeps the SHA-256 of the token.
func (s *invites) SetupLink(ctx context.Context) (token string, needed bool, err error) {
	has, err := s.accounts.HasAdministrator(ctx)
	if err != nil || has {
		return "", false, err
	}
	until := s.now().Add(setupLife)
	if token, err = s.signin.Links().IssueBare(ctx, ticketSetup, setupTicket{until}, until); err != nil {
		return "", true, fmt.Errorf("making a set-up link: %w", err)
	}
	return token, true, nil
}

// setupTicket is what the store keeps of a link: enough to restore it if making the administrator fails.
type setupTicket struct {
	Deadline time.Time `json:"d"`
}

var errSetupLink = &problem.Problem{Status: http.StatusBadRequest, Code: "invalid_token",
	Detail: "the link is used, old or incomplete; a restart logs a new one"}

// setupPage shows the form. It does not spend the link.
func (s *invites) setupPage(c *web.Call) error {
	if err := s.requireSetUp(c); err != nil {
		return err
	}
	return s.showSetup(c, http.StatusOK, map[string]string{"token": c.Request.URL.Query().Get("token")}, nil)
}

// requireSetUp returns problem.NotFound once there is an administrator.
func (s *invites) requireSetUp(c *web.Call) error {
	has, err := s.accounts.HasAdministrator(c.Ctx())
	switch {
	case err != nil:
		return err
	case has || s.accounts.Passwords() == nil:
		return problem.NotFound
	}
	return s.signin.MustHTTPS(c)
}

// setupForm makes the first administrator, always as a new account. The command line can make an existing account an
// administrator.
func (s *invites) setupForm(c *web.Call) error {
	f, err := c.FormFields("token", "email", "password", "name", "username")
	if err != nil {
		return err
	}
	if err := s.requireSetUp(c); err != nil {
		return err
	}
	out, err := s.setUp(c, f)
	if p := c.ShownOnPage(err); p != nil {
		c.Emit(audit.Event{Kind: audit.EventSetup, Result: audit.ResultRefused, Reason: p.Code})
		return s.showSetup(c, p.Status, f, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect(out.Location)
}

func (s *invites) setUp(c *web.Call, f map[string]string) (*signin.LoginResult, error) {
	// The token cannot be guessed; this limits the password hashing that an anonymous client can cause.
	g, err := s.signin.Guess(c, "")
	if err != nil {
		return nil, err
	}
	if !onetime.WellFormed(f["token"]) {
		return nil, errSetupLink
	}
	u, cred, err := s.prepareAdministrator(c, f)
	if err != nil {
		return nil, err
	}
	if err := s.firstAdministrator(c.Ctx(), f["token"], u, cred); err != nil {
		return nil, accounts.Problem(err)
	}
	g.GiveBack()
	c.Emit(audit.Event{Kind: audit.EventSetup, Result: audit.ResultOK, UserID: u.ID, Username: u.Username})
	proven := method.Proven{User: u, Kind: cred.Kind, ID: cred.ID, Version: 1}
	return s.signin.Finish(c, proven, s.rules.passwordMethod(), s.signin.ParseLoginRequest(c, "", ""), false)
}

// prepareAdministrator validates the form before the link is spent, so that a typing error does not spend it.
func (s *invites) prepareAdministrator(c *web.Call, f map[string]string) (u store.User, cred store.Credential,
	err error) {
	if f["password"] == "" {
		return u, cred, accounts.Problem(&method.UnacceptableError{Reason: "too_short"})
	}
	n := accounts.NewUser{Email: f["email"], Username: f["username"], Name: f["name"], Password: f["password"],
		Roles: []string{accounts.AdministratorRole}}
	if n.Email, err = accounts.NormalizeEmail(n.Email); err != nil {
		return u, cred, accounts.Problem(err)
	}
	// Do not check here whether the address is free: only a valid link may reveal that. The store checks it later.
	u, creds, err := s.accounts.Prepare(c.Ctx(), n, true)
	if err != nil {
		return u, cred, accounts.Problem(err)
	}
	u.Version = 1
	return u, creds[0], nil
}

// firstAdministrator spends the link and stores the account, if there is still no administrator. Two links, of two
// starts or two gateways, may be used at once; a claim in the users store admits one at a time.
func (s *invites) firstAdministrator(ctx context.Context, token string, u store.User, cred store.Credential) error {
	release, err := s.ClaimSetup(ctx)
	if err != nil {
		return err
	}
	defer release()
	var t setupTicket
	err = s.signin.Links().TakeBare(ctx, ticketSetup, token, &t)
	if errors.Is(err, problem.InvalidLink) {
		return errSetupLink
	} else if err != nil {
		return fmt.Errorf("taking the set-up link: %w", err)
	}
	has, err := s.accounts.HasAdministrator(ctx)
	if err == nil && has {
		return problem.NotFound // the link is spent, and no administrator is missing
	}
	if err == nil {
		err = s.accounts.MakePrepared(ctx, u, cred)
	}
	if err != nil {
		s.restoreSetup(ctx, token, t)
		return err
	}
	return nil
}

// restoreSetup makes a link valid again after a failure, so that the operator need not restart for a new one.
func (s *invites) restoreSetup(ctx context.Context, token string, t setupTicket) {
	if err := s.signin.Links().RestoreBare(context.WithoutCancel(ctx), ticketSetup, token, t, t.Deadline); err != nil {
		s.log.WarnContext(ctx, "restoring the set-up link failed; restart for a new one", "error", err)
	}
}

const (
	settingSetup = "setup.claim"
	setupFree    = "free"
)

// ClaimLife is the time after which a claim has expired, because a crash left it behind.
const ClaimLife = time.Minute

// ClaimSetup claims the right to make the first administrator until release is called. It fails if another request or
// gateway holds the claim.
func (s *invites) ClaimSetup(ctx context.Context) (release func(), err error) {
	busy := *problem.Changing
	busy.Detail = "somebody else is making the first administrator right now"
	old, err := s.users.Setting(ctx, settingSetup)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("claiming the set-up: %w", err)
	} else if err != nil {
		old = nil
	}
	stamp, _, _ := strings.Cut(string(old), " ")
	if since, err := time.Parse(time.RFC3339, stamp); err == nil && s.now().Sub(since) < ClaimLife {
		return nil, &busy
	}
	nonce := make([]byte, 9)
	if _, err := io.ReadFull(s.rand, nonce); err != nil {
		return nil, fmt.Errorf("reading randomness: %w", err)
	}
	mine := []byte(s.now().UTC().Format(time.RFC3339) + " " + web.Secret64.EncodeToString(nonce))
	if err := s.users.PutSetting(ctx, settingSetup, old, mine); errors.Is(err, store.ErrStale) {
		return nil, &busy
	} else if err != nil {
		return nil, fmt.Errorf("claiming the set-up: %w", err)
	}
	return func() {
		ctx := context.WithoutCancel(ctx)
		if err := s.users.PutSetting(ctx, settingSetup, mine, []byte(setupFree)); err != nil {
			s.log.WarnContext(ctx, "releasing the set-up claim failed; it expires after a minute", "error", err)
		}
	}, nil
}

func (s *invites) showSetup(c *web.Call, status int, f map[string]string, shown *problem.Problem) error {
	data := pages.SetupData{Token: f["token"]}
	data.MinLength = s.accounts.Passwords().MinLength()
	if shown == errSetupLink || f["token"] == "" {
		data.Token, data.Expired = "", true
		status = http.StatusBadRequest
	}
	p := pages.Page{Name: pages.Setup, Values: map[string]string{}, Data: data}
	for _, name := range []string{"email", "name", "username"} {
		p.Values[name] = problem.Bounded(f[name], 300)
	}
	if shown != nil {
		web.ShowProblem(&p, shown)
	}
	return c.Page(status, p)
}
