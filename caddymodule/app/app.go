package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"

	"github.com/gatehouse-auth/gatehouse/authportal/mail"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/lease"
)

// Administrator is the role that may do everything in Gatehouse itself.
const Administrator = store.RoleAdmin

func init() { caddy.RegisterModule(new(App)) }

// App is the app `gatehouse`: the accounts, how people sign in, and where that is stored. All of it is optional, and
// the zero value is the documented default, because Caddy makes one where a configuration has a `gate` but not the
// app.
type App struct {
	// Where accounts are kept: a module of the namespace gatehouse.users. Default: SQLite, in the file
	// gatehouse/gatehouse.db in Caddy's data directory.
	UsersRaw json.RawMessage `json:"users,omitempty" caddy:"namespace=gatehouse.users inline_key=driver"`

	// Where sessions are kept: a module of the namespace gatehouse.sessions. Default: in the users database.
	SessionsRaw json.RawMessage `json:"sessions,omitempty" caddy:"namespace=gatehouse.sessions inline_key=driver"`

	// The address of the pages, such as "https://auth.example.com". Default: the site that carries `portal`; where there
	// is none, each gate serves its own pages.
	Portal string `json:"portal,omitempty"`

	// Root key material: the first seals, all open. Placeholders work. Default: one that is made once and kept in Caddy's
	// storage, at gatehouse/secret.
	Secret []string `json:"secret,omitempty"`

	// How long a sign-in lasts.
	Session *SessionLimits `json:"session,omitempty"`

	// The server that sends mail. Default: none; what needs mail is off.
	Mail *Mail `json:"mail,omitempty"`

	// Whether people may make themselves an account. Default: closed.
	Signup *Signup `json:"signup,omitempty"`

	// Whether an account signs in only once its address is confirmed. Needs `mail`. Default: true where that is set.
	ConfirmEmail *bool `json:"confirm_email,omitempty"`

	// The methods of signing in, in the order shown to people: modules of the namespace gatehouse.methods. Default:
	// password, with its own defaults.
	LoginRaw []json.RawMessage `json:"login,omitempty" caddy:"namespace=gatehouse.methods inline_key=method"`

	// Who needs a second factor.
	MFA *MFA `json:"mfa,omitempty"`

	// Roles that include others, by name. A role that includes none need not be listed.
	Roles map[string]Role `json:"roles,omitempty"`

	// How many wrong guesses are too many.
	Throttle *Throttle `json:"throttle,omitempty"`

	// What is kept of who did what.
	Audit *Audit `json:"audit,omitempty"`

	// How the pages look.
	Brand *Brand `json:"brand,omitempty"`

	// Permits sign-in over plain http on hosts that are not loopback. Default: false.
	AllowHTTP bool `json:"allow_http,omitempty"`

	// Where the global block is, as file:line; for messages only.
	Source string `json:"source,omitempty"`

	ctx            caddy.Context
	usersDriver    store.UsersDriver
	sessionsDriver store.SessionsDriver // nil: embedded
	secrets        []string             // Secret with placeholders replaced; nil: the one in Caddy's storage
	methods        []method.Driver
	methodNames    []string // of methods
	roles          *rolepolicy.Roles
	smtp           *mail.SMTP // nil: no mail
	webhookURL     string     // of Audit.Webhook, with placeholders replaced; empty: none
	webhookKeys    [][]byte   // its keys; nil: those that derive from the root secrets
	events         *caddyevents.App

	mu       sync.Mutex
	handlers []Handler    // in the order of their provisioning
	mounts   []site.Mount // handlers, with where they are mounted; written once, by mountHandlers

	lease    *lease.Lease[*engine]   // what Start acquired; nil before
	stopMail func()                  // ends the sending of mail, and waits; nil: none is sent
	started  chan struct{}           // closed by Start once running is set
	running  atomic.Pointer[Running] // nil until Start is done

	stopWebhook func() // ends the delivery of events, and waits; nil: none are delivered
}

// CaddyModule returns the module's identity.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "gatehouse", New: func() caddy.Module { return new(App) }}
}

// Provision wires what the configuration names. It opens, makes and sends nothing: `caddy validate` runs it.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx = ctx
	a.started = make(chan struct{})
	if err := a.loadDrivers(ctx); err != nil {
		return err
	}
	if err := a.loadMethods(ctx); err != nil {
		return err
	}
	if err := a.expandSecrets(); err != nil {
		return err
	}
	if err := a.readMail(); err != nil {
		return err
	}
	if err := a.readWebhook(); err != nil {
		return err
	}
	if err := a.eventsApp(); err != nil {
		return err
	}
	return a.registerMetrics(ctx.GetMetricsRegistry())
}

func (a *App) loadDrivers(ctx caddy.Context) error {
	if a.UsersRaw == nil {
		a.UsersRaw = json.RawMessage(`{"driver":"sqlite"}`)
	}
	mod, err := ctx.LoadModule(a, "UsersRaw")
	if err != nil {
		return fmt.Errorf("loading users store: %w", err)
	}
	var ok bool
	if a.usersDriver, ok = mod.(store.UsersDriver); !ok {
		return fmt.Errorf("%T does not keep users", mod)
	}
	if a.SessionsRaw == nil {
		return nil
	}
	if mod, err = ctx.LoadModule(a, "SessionsRaw"); err != nil {
		return fmt.Errorf("loading session store: %w", err)
	}
	if a.sessionsDriver, ok = mod.(store.SessionsDriver); !ok {
		return fmt.Errorf("%T does not keep sessions", mod)
	}
	return nil
}

// Validate checks what JSON can say wrong; what a Caddyfile says wrong was reported before, with file and line.
func (a *App) Validate() error {
	err := a.checkRoles()
	if err != nil {
		return err
	}
	if a.Portal != "" {
		if a.Portal, err = portalAddress(a.Portal); err != nil {
			return err
		}
	}
	if a.Session != nil {
		if err := a.Session.validate(); err != nil {
			return err
		}
	}
	if s := a.Signup; s != nil {
		if err := s.validate(); err != nil {
			return err
		}
	}
	if err := a.checkSignupRoles(); err != nil {
		return err
	}
	if err := a.Audit.validate(); err != nil {
		return err
	}
	if err := a.checkConfirm(); err != nil {
		return err
	}
	if t := a.Throttle; t != nil {
		return errors.Join(t.Account.validate("account"), t.Address.validate("address"))
	}
	return nil
}

// checkRoles prepares the inclusion of roles.
func (a *App) checkRoles() (err error) {
	includes := make(map[string][]string, len(a.Roles))
	for name, role := range a.Roles {
		includes[name] = role.Includes
	}
	if a.roles, err = rolepolicy.NewRoles(includes); err != nil {
		return fmt.Errorf("roles: %w", err)
	}
	return nil
}

// checkSignupRoles refuses roles for newcomers that include the administrator's.
func (a *App) checkSignupRoles() error {
	if a.Signup == nil {
		return nil
	}
	for _, role := range a.Signup.Roles {
		if slices.Contains(a.roles.Expand([]string{role}), Administrator) {
			return fmt.Errorf("signup must not give the role %s, which includes admin: everyone who signs up would be an "+
				"administrator; give it with `caddy gatehouse users set`", role)
		}
	}
	return nil
}

func (s *Signup) validate() error {
	if !slices.Contains([]string{"", "open", "approval", "invite", "closed"}, s.Mode) {
		return fmt.Errorf("signup: unknown mode %q: use open, approval, invite or closed", s.Mode)
	}
	for _, role := range s.Roles {
		if err := rolepolicy.CheckRoleName(role); err != nil {
			return fmt.Errorf("signup: %w", err)
		}
		if role == Administrator {
			return errors.New("signup: must not give the role admin: everyone who signs up would be an administrator")
		}
	}
	seen := make(map[string]bool)
	for _, f := range s.Fields {
		if err := checkFieldName(f.Name); err != nil {
			return fmt.Errorf("signup: %w", err)
		}
		if seen[f.Name] {
			return fmt.Errorf("signup: field %s is named twice", f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.Validator    = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
