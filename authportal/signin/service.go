package signin

import (
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Deps are the dependencies of a Service.
type Deps struct {
	Users    store.UserStore
	Sessions store.SessionStore
	Keys     *keyring.Keys
	Methods  []method.Configured // in the order shown to people
	Mail     store.Outbox        // nil: no email
	Settings settings.Settings
	Accounts *accounts.Accounts
	Events   *audit.Emitter
	Web      *web.Server

	// ExpandRoles returns the held roles and those that they include.
	ExpandRoles func(held []string) []string
	// SessionWait limits how long a look-up of a session may take.
	SessionWait time.Duration

	Now  func() time.Time
	Rand io.Reader
	Log  *slog.Logger
}

// Service signs people in and out: dispatcher, flows, pending sign-ins, sessions and the hand-off between hosts. It is
// safe for concurrent use.
type Service struct {
	*callers
	*guard
	*flows
	*pendings
	*finisher
	*dispatcher
	*forms
	*links
}

// deps are the dependencies that all parts share.
type deps struct {
	users       store.UserStore
	sessions    store.SessionStore
	keys        *keyring.Keys
	methods     []method.Configured
	outbox      store.Outbox
	settings    settings.Settings
	accounts    *accounts.Accounts
	events      *audit.Emitter
	web         *web.Server
	expandRoles func([]string) []string
	sessionWait time.Duration
	now         func() time.Time
	rand        io.Reader
	log         *slog.Logger
	signed      *signedCache
}

// New wires the service. It calls no store.
func New(d Deps) *Service {
	return newService(&deps{users: d.Users, sessions: d.Sessions, keys: d.Keys, methods: d.Methods, outbox: d.Mail,
		settings: d.Settings,
		accounts: d.Accounts, events: d.Events, web: d.Web, expandRoles: d.ExpandRoles, sessionWait: d.SessionWait,
		now: d.Now, rand: d.Rand, log: d.Log, signed: newSignedCache()})
}

// Routes returns the addresses of signing in and out.
func (s *Service) Routes() []web.Route {
	return slices.Concat(s.signInRoutes(), s.linkRoutes(), s.ticketRoutes(), s.providerRoutes())
}
