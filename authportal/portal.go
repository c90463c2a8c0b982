package authportal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/admin"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/selfservice"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Config is all that a Portal depends on. Nothing is read from elsewhere.
type Config struct {
	Users      store.UserStore
	Sessions   store.SessionStore // the cache, in a running server
	Keys       *keyring.Keys
	Methods    []method.Configured // configured ways to sign in, in the order shown to people
	Mail       store.Outbox        // where letters are queued, nil: no mail is configured
	Audit      store.Audit         // the trail that administrators read; nil: none is kept
	Statistics store.Statistics    // what is counted for administrators; nil: nothing is
	Settings   settings.Settings

	// Includes are the configured roles and what each includes. RoleUses returns the rules that demand roles, and Watch
	// what of the host needs attention; it is asked while a page is waited for. Both may be nil.
	Includes map[string][]string
	RoleUses func() []admin.RoleUse
	Watch    func() []admin.Alert

	// ExpandRoles adds the roles that the held ones include. The result is sorted and may be shared. nil: none include
	// others.
	ExpandRoles func(held []string) []string
	// CheckRole and CheckUsername refuse values that could pose as two in a header, or cannot stand in a rule.
	CheckRole     func(string) error
	CheckUsername func(string) error

	Notify func(ctx context.Context, e audit.Event) // is told every event; must not block; nil: nobody
	Now    func() time.Time                         // nil: time.Now
	Rand   io.Reader                                // nil: crypto/rand
	Log    *slog.Logger                             // nil: nothing is logged
	Pages  web.Pages

	// SessionWait bounds every look-up of a session: who asks is known within this time, or the answer is 503; default
	// 250 ms.
	SessionWait time.Duration
}

// leveledName is a name that stores could take for that of a method with the level of a proof behind it.
var leveledName = regexp.MustCompile(`#[0-9]$`)

// Portal is the packages that sign people in and let them keep their accounts, on any number of sites, wired to each other.
// It is safe for concurrent use.
type Portal struct {
	Web         *web.Server
	SignIn      *signin.Service
	SelfService *selfservice.Service
	Admin       *admin.Service

	accounts *accounts.Accounts
}

// withDefaults fills in what a Config may leave out.
func (c Config) withDefaults() Config {
	if c.ExpandRoles == nil {
		c.ExpandRoles = func(held []string) []string { return held }
	}
	if c.CheckRole == nil {
		c.CheckRole = func(string) error { return nil }
	}
	if c.CheckUsername == nil {
		c.CheckUsername = func(string) error { return nil }
	}
	if c.Notify == nil {
		c.Notify = func(context.Context, audit.Event) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.SessionWait <= 0 {
		c.SessionWait = 250 * time.Millisecond
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// New wires a Portal. It calls no store.
func New(c Config) (*Portal, error) {
	c = c.withDefaults()
	switch {
	case c.Users == nil || c.Sessions == nil:
		return nil, errors.New("building the portal: no store")
	case c.Keys == nil:
		return nil, errors.New("building the portal: no keys")
	case c.Pages == nil:
		return nil, errors.New("building the portal: no pages")
	case c.Mail == nil && (c.Settings.ConfirmEmail || len(c.Settings.Signup.Domains) > 0):
		return nil, errors.New("building the portal: addresses cannot be confirmed without mail")
	}
	if err := checkMethods(c.Methods, c.Mail != nil); err != nil {
		return nil, err
	}
	methods, set := slices.Clone(c.Methods), c.Settings.WithDefaults()
	events := audit.NewEmitter(c.Now, c.Log, c.Notify)
	people, err := accounts.New(accounts.Deps{Users: c.Users, Sessions: c.Sessions, Passwords: passwords(methods),
		Mail: c.Mail, Seal: c.Keys, Fields: set.Signup.OwnFields(), CheckRole: c.CheckRole, CheckUsername: c.CheckUsername,
		ExpandRoles: c.ExpandRoles, Kinds: credentialKinds(methods), SignUp: signUpRules(&set), Events: events,
		Now: c.Now, Rand: c.Rand, Log: c.Log})
	if err != nil {
		return nil, fmt.Errorf("building the portal: %w", err)
	}
	described, err := describedRoute()
	if err != nil {
		return nil, err
	}
	p := &Portal{accounts: people, Web: web.NewServer(web.Config{Events: events, Pages: c.Pages, Log: c.Log, Rand: c.Rand})}
	p.SignIn = signin.New(signin.Deps{Users: c.Users, Sessions: c.Sessions, Keys: c.Keys, Methods: methods, Mail: c.Mail,
		Settings: set, Accounts: people, Events: events, Web: p.Web, ExpandRoles: c.ExpandRoles, SessionWait: c.SessionWait,
		Now: c.Now, Rand: c.Rand, Log: c.Log})
	p.SelfService = selfservice.New(selfservice.Deps{Users: c.Users, Sessions: c.Sessions, Keys: c.Keys, Methods: methods,
		Settings: set, Accounts: people, SignIn: p.SignIn, Web: p.Web, Pages: c.Pages, ExpandRoles: c.ExpandRoles,
		Now: c.Now, Rand: c.Rand, Log: c.Log})
	p.Admin = admin.New(admin.Deps{Users: c.Users, Sessions: c.Sessions, Mail: c.Mail, Audit: c.Audit, Statistics: c.Statistics,
		Settings: set, Accounts: people, SignIn: p.SignIn, Includes: c.Includes, RoleUses: c.RoleUses, Watch: c.Watch,
		ExpandRoles: c.ExpandRoles, Now: c.Now, Log: c.Log})
	p.Web.Handle(p.SignIn, p.SignIn.Routes(), p.SelfService.Routes(), p.Admin.Routes(), described)
	return p, nil
}

// checkMethods refuses methods that cannot work together, or without mail.
func checkMethods(methods []method.Configured, mail bool) error {
	seen := map[string]bool{}
	for i := range methods {
		m := &methods[i]
		if m.Method == nil || m.Name == "" || m.Name == signin.TicketProof || seen[m.Name] || leveledName.MatchString(m.Name) {
			return fmt.Errorf("building the portal: login method %q is unnamed, named twice or as a proof of ours, or missing", m.Name)
		}
		seen[m.Name] = true
		if signin.MailProof(m) != nil && !mail {
			return fmt.Errorf("building the portal: login %s needs mail", m.Name)
		}
		if err := signin.CheckEndpoints(m); err != nil {
			return err
		}
	}
	return nil
}

// Accounts returns the accounts of this portal.
func (p *Portal) Accounts() *accounts.Accounts { return p.accounts }

// signUpRules are those of `signup`, for people whom only an outside source knows.
func signUpRules(set *settings.Settings) accounts.SignUpRules {
	s := set.Signup
	return accounts.SignUpRules{Open: s.Mode == settings.SignupOpen, Approval: s.Mode == settings.SignupApproval,
		ChooseUsername: s.ChoosesUsername(), Domains: s.Domains, Roles: s.Roles}
}

// credentialKinds are those that each configured method keeps.
func credentialKinds(methods []method.Configured) (all []map[string]method.CredentialClass) {
	for _, m := range methods {
		all = append(all, method.CredentialKinds(m.Method))
	}
	return all
}

// passwords returns the method that keeps passwords, nil where none is configured.
func passwords(methods []method.Configured) method.Passwords {
	for _, m := range methods {
		if pw, ok := m.Method.(method.Passwords); ok {
			return pw
		}
	}
	return nil
}
