package admin

import (
	"log/slog"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Deps are the dependencies of the service.
type Deps struct {
	Users      store.UserStore
	Sessions   store.SessionStore
	Mail       store.Outbox     // nil: no mail
	Audit      store.Audit      // nil: there is no trail
	Statistics store.Statistics // nil: there are no statistics
	Settings   settings.Settings
	Accounts   *accounts.Accounts
	SignIn     *signin.Service

	// Includes are the configured roles and the roles that each includes. RoleUses returns the rules that demand roles.
	// Watch returns alerts of the host; it must be fast, because a page waits for it. Both may be nil.
	Includes map[string][]string
	RoleUses func() []RoleUse
	Watch    func() []Alert

	// ExpandRoles adds the roles that the held ones include.
	ExpandRoles func(held []string) []string

	Now func() time.Time
	Log *slog.Logger
}

// Service serves the pages and the API of administrators. It is safe for concurrent use.
type Service struct {
	*entry
	*people
	*files
	*columns
	*trail
	*facts
}

// deps are the dependencies that all parts share.
type deps struct {
	users      store.UserStore
	sessions   store.SessionStore
	outbox     store.Outbox
	audit      store.Audit
	statistics store.Statistics
	set        settings.Settings
	accounts   *accounts.Accounts
	signin     *signin.Service
	includes   map[string][]string
	roleUses   func() []RoleUse
	watch      func() []Alert
	expand     func([]string) []string
	now        func() time.Time
	log        *slog.Logger

	importing chan struct{} // full while an uploaded file is in memory
}

// New wires the service. It calls no store.
func New(d Deps) *Service {
	return newService(&deps{users: d.Users, sessions: d.Sessions, outbox: d.Mail, audit: d.Audit,
		statistics: d.Statistics, set: d.Settings,
		accounts: d.Accounts, signin: d.SignIn, includes: d.Includes, roleUses: d.RoleUses, watch: d.Watch,
		expand: d.ExpandRoles, now: d.Now, log: d.Log, importing: make(chan struct{}, 1)})
}

// Routes returns the routes of administration.
func (s *Service) Routes() []web.Route {
	return slices.Concat(s.apiRoutes(), s.pageRoutes(), s.fileRoutes(), s.columnRoutes(),
		s.overviewRoutes(), s.auditRoutes())
}
