package selfservice

import (
	"io"
	"log/slog"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Deps are the dependencies of the service.
type Deps struct {
	Users    store.UserStore
	Sessions store.SessionStore
	Keys     *keyring.Keys
	Methods  []method.Configured
	Settings settings.Settings
	Accounts *accounts.Accounts
	SignIn   *signin.Service
	Web      *web.Server
	Pages    web.Pages

	// ExpandRoles returns the held roles and all roles that they include.
	ExpandRoles func(held []string) []string

	Now  func() time.Time
	Rand io.Reader
	Log  *slog.Logger
}

// Service handles sign-up, confirmation, password reset, invitations and the account page. It also composes the
// messages that these queue. It is safe for concurrent use.
type Service struct {
	*rules
	*emails
	*invites
	*messages
	*resets
	*signups
	*profile
}

// deps are the dependencies that all parts share.
type deps struct {
	users    store.UserStore
	sessions store.SessionStore
	keys     *keyring.Keys
	methods  []method.Configured
	settings settings.Settings
	accounts *accounts.Accounts
	signin   *signin.Service
	web      *web.Server
	pages    web.Pages
	expand   func([]string) []string
	now      func() time.Time
	rand     io.Reader
	log      *slog.Logger
	signups  keyMutex // by address
}

// New returns a service. It does not call the stores.
func New(d Deps) *Service {
	return newService(&deps{
		users: d.Users, sessions: d.Sessions, keys: d.Keys, methods: d.Methods, settings: d.Settings,
		accounts: d.Accounts, signin: d.SignIn, web: d.Web, pages: d.Pages, expand: d.ExpandRoles,
		now: d.Now, rand: d.Rand, log: d.Log,
	})
}

// Routes returns the routes of self-service.
func (s *Service) Routes() []web.Route { return s.accountRoutes() }
