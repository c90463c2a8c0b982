package authportal

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Config is all that a Portal depends on. Nothing is read from elsewhere.
type Config struct {
	Users    store.UserStore
	Sessions store.SessionStore // the cache, in a running server
	Keys     *keyring.Keys
	Methods  []method.Configured // configured ways to sign in, in the order shown to people
	Mail     store.Outbox        // where letters are queued, nil: no mail is configured
	Audit    store.Audit         // the trail that administrators read; nil: none is kept
	Figures  store.Figures       // what is counted for administrators; nil: nothing is
	Settings Settings

	// Includes are the configured roles and what each includes. RoleUses returns the rules that demand roles, and Watch
	// what of the host needs attention; it is asked while a page is waited for. Both may be nil.
	Includes map[string][]string
	RoleUses func() []RoleUse
	Watch    func() []Alert

	// ExpandRoles adds the roles that the held ones include. The result is sorted and may be shared. nil: none include
	// others.
	ExpandRoles func(held []string) []string
	// CheckRole and CheckUsername refuse values that could pose as two in a header, or cannot stand in a rule.
	CheckRole     func(string) error
	CheckUsername func(string) error

	Notify func(ctx context.Context, e Event) // is told every event; must not block; nil: nobody
	Now    func() time.Time                   // nil: time.Now
	Rand   io.Reader                          // nil: crypto/rand
	Log    *slog.Logger                       // nil: nothing is logged
	Pages  Pages

	// SessionWait bounds every look-up of a session: who asks is known within this time, or the answer is 503; default
	// 250 ms.
	SessionWait time.Duration
}

// Pages writes what people see; *pages.Set is the one we have.
type Pages interface {
	Write(w http.ResponseWriter, r *http.Request, status int, p pages.Page)
	Assets() http.Handler
}

// leveledName is a name that stores could take for that of a method with the level of a proof behind it.
var leveledName = regexp.MustCompile(`#[0-9]$`)

// Portal signs people in and out and lets them keep their accounts, on any number of sites. It is safe for concurrent
// use.
type Portal struct {
	users    store.UserStore
	sessions store.SessionStore
	keys     *keyring.Keys
	methods  []method.Configured
	audit    store.Audit   // nil: no trail is kept
	figures  store.Figures // nil: nothing is counted
	includes map[string][]string
	roleUses func() []RoleUse
	watch    func() []Alert
	set      Settings
	expand   func([]string) []string
	now      func() time.Time
	rand     io.Reader
	log      *slog.Logger
	pages    Pages
	outbox   store.Outbox  // nil: no mail
	wait     time.Duration // for a session

	accounts *Accounts
	events   *Emitter

	routes    routes
	signed    *signedCache
	signups   keyed                      // by address
	described map[string]json.RawMessage // openapi.json by its members

	importing chan struct{} // full while an administrator's file is in memory
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
		c.Notify = func(context.Context, Event) {}
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
	p := &Portal{
		users: c.Users, sessions: c.Sessions, keys: c.Keys, methods: slices.Clone(c.Methods), audit: c.Audit,
		set:     c.Settings.withDefaults(),
		figures: c.Figures, includes: c.Includes, roleUses: c.RoleUses, watch: c.Watch,
		expand: c.ExpandRoles,
		now:    c.Now, rand: c.Rand, log: c.Log, pages: c.Pages, outbox: c.Mail, wait: c.SessionWait,
	}
	seen := map[string]bool{}
	for _, m := range p.methods {
		if m.Method == nil || m.Name == "" || m.Name == ticketProof || seen[m.Name] || leveledName.MatchString(m.Name) {
			return nil, fmt.Errorf("building the portal: login method %q is unnamed, named twice or as a proof of ours, or missing", m.Name)
		}
		seen[m.Name] = true
		if mailProof(&m) != nil && c.Mail == nil {
			return nil, fmt.Errorf("building the portal: login %s needs mail", m.Name)
		}
		if err := checkEndpoints(&m); err != nil {
			return nil, err
		}
	}
	p.events = NewEmitter(c.Now, c.Log, c.Notify)
	var err error
	p.accounts, err = NewAccounts(Deps{Users: c.Users, Sessions: c.Sessions, Passwords: p.passwords(), Mail: c.Mail,
		Seal:   c.Keys,
		Fields: p.ownFields(), CheckRole: c.CheckRole, CheckUsername: c.CheckUsername, ExpandRoles: c.ExpandRoles,
		Kinds:  p.credentialKinds(),
		SignUp: p.signUpRules(),
		Events: p.events, Now: c.Now, Rand: c.Rand, Log: c.Log})
	if err != nil {
		return nil, fmt.Errorf("building the portal: %w", err)
	}
	p.routes = newRoutes(p)
	p.signed = newSignedCache()
	p.importing = make(chan struct{}, 1)
	if p.described, err = readOpenAPI(); err != nil {
		return nil, err
	}
	return p, nil
}

// Accounts returns the accounts of this portal.
func (p *Portal) Accounts() *Accounts { return p.accounts }

// signUpRules are those of `signup`, for people whom only an outside source knows.
func (p *Portal) signUpRules() SignUpRules {
	s := p.set.Signup
	return SignUpRules{Open: s.Mode == SignupOpen, Approval: s.Mode == SignupApproval,
		ChooseUsername: p.choosesUsername(),
		Domains:        s.Domains, Roles: s.Roles}
}

// credentialKinds are those that each configured method keeps.
func (p *Portal) credentialKinds() (all []map[string]method.CredentialClass) {
	for _, m := range p.methods {
		all = append(all, method.CredentialKinds(m.Method))
	}
	return all
}

// passwords returns the method that keeps passwords, nil where none is configured.
func (p *Portal) passwords() method.Passwords {
	for _, m := range p.methods {
		if pw, ok := m.Method.(method.Passwords); ok {
			return pw
		}
	}
	return nil
}

// secret returns n random bytes from the injected source.
func (p *Portal) secret(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(p.rand, b); err != nil {
		return nil, fmt.Errorf("reading randomness: %w", err)
	}
	return b, nil
}
