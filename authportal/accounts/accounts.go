package accounts

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// AdministratorRole is the role that grants every act in Gatehouse itself.
const AdministratorRole = store.RoleAdmin

// Accounts creates and changes accounts. It is the one set of rules behind sign-up, set-up, the account page,
// administrators, outside identities and the command line, and the only writer of accounts and their credentials. It
// returns a *problem.Problem for what the caller did wrong; any other error is an internal failure. It is safe for
// concurrent use.
type Accounts struct {
	*core
	*columns
	*changes
	*identities
	*imports
}

// core is what all parts share: the stores, events, lookups, credentials, and what an act of recovery ends.
type core struct {
	users     store.UserStore
	sessions  store.SessionStore
	passwords method.Passwords
	checkRole,
	checkUsername func(string) error
	expand func([]string) []string
	events *audit.Emitter
	now    func() time.Time
	rand   io.Reader
	log    *slog.Logger
	outbox store.Outbox
	seal   Sealer
	fields []string
	kinds  kinds
	signUp SignUpRules

	rolesFrom func(string, []string) []string
}

// columns manages the operator's own columns of accounts.
type columns struct {
	*core
}

// changes creates accounts and changes them.
type changes struct {
	*core
	columns *columns
}

// identities maps identities of outside sources to accounts.
type identities struct {
	*core
	changes *changes
}

// imports creates accounts from files.
type imports struct {
	*core
	changes *changes
}

// Deps are the dependencies of Accounts.
type Deps struct {
	Users    store.UserStore
	Sessions store.SessionStore

	Passwords method.Passwords // nil: sign-in by password is not configured
	Mail      store.Outbox     // nil: no mail
	Seal      Sealer           // for the refresh data of a provider; nil: it is not stored
	Fields    []string         // of `signup`, stored as attributes

	// CheckRole and CheckUsername reject values that a header could pass on as two, or that a rule cannot name; nil
	// accepts all.
	CheckRole     func(string) error
	CheckUsername func(string) error
	// SignUp applies to identities without an account. RolesFrom returns the roles that a method's groups grant; nil
	// grants none.
	SignUp    SignUpRules
	RolesFrom func(method string, groups []string) []string
	// ExpandRoles adds the roles that the held ones include; nil: no role includes another.
	ExpandRoles func(held []string) []string
	// Kinds are the credential kinds that the methods store, beside the built-in ones.
	Kinds []map[string]method.CredentialClass

	Events *audit.Emitter   // nil: events are discarded
	Now    func() time.Time // nil: time.Now
	Rand   io.Reader        // nil: crypto/rand
	Log    *slog.Logger     // nil: nothing is logged
}

// Sealer encrypts and authenticates values that only this installation may read.
type Sealer interface {
	Seal(purpose string, plaintext, ad []byte) (string, error)
	Open(purpose, sealed string, ad []byte) ([]byte, error)
}

// New wires Accounts. It calls no store.
func New(d Deps) (*Accounts, error) {
	if d.Users == nil || d.Sessions == nil {
		return nil, errors.New("wiring accounts: no store")
	}
	if d.CheckRole == nil {
		d.CheckRole = func(string) error { return nil }
	}
	if d.CheckUsername == nil {
		d.CheckUsername = func(string) error { return nil }
	}
	if d.ExpandRoles == nil {
		d.ExpandRoles = func(held []string) []string { return held }
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Rand == nil {
		d.Rand = rand.Reader
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Events == nil {
		d.Events = audit.NewEmitter(d.Now, d.Log, func(context.Context, audit.Event) {})
	}
	kinds, err := NewKinds(d.Kinds...)
	if err != nil {
		return nil, fmt.Errorf("wiring accounts: %w", err)
	}
	shared := &core{users: d.Users, sessions: d.Sessions, passwords: d.Passwords, checkRole: d.CheckRole,
		checkUsername: d.CheckUsername, expand: d.ExpandRoles, events: d.Events, now: d.Now, rand: d.Rand, log: d.Log,
		outbox: d.Mail, seal: d.Seal, fields: d.Fields, kinds: kinds, signUp: d.SignUp, rolesFrom: d.RolesFrom}
	a := &Accounts{core: shared, columns: &columns{core: shared}}
	a.changes = &changes{core: shared, columns: a.columns}
	a.identities = &identities{core: shared, changes: a.changes}
	a.imports = &imports{core: shared, changes: a.changes}
	return a, nil
}

// Actor is who acts on another user's account, for the audit trail.
type Actor struct {
	ID      string // "command line", or the id of an administrator
	Method  string // how they authenticated, if not by a session: "api_token"
	Address string // of their browser; may be empty
	Host    string
	Base    string // of the portal, for links in messages: "https://auth.example.com"; empty: messages have no links
}

// Passwords returns the method that stores passwords, nil if none is configured.
func (a *core) Passwords() method.Passwords { return a.passwords }

// Emit emits an event with the actor by.
func (a *core) Emit(ctx context.Context, by Actor, e audit.Event) {
	e.Actor, e.Method, e.Address, e.Host = by.ID, by.Method, by.Address, by.Host
	a.events.Emit(ctx, e)
}

// Problem translates the error of a validation, a store or a method into a *problem.Problem, and returns any other
// error as it is.
func Problem(err error) error {
	var invalid *InvalidError
	var unacceptable *method.UnacceptableError
	var taken *store.TakenError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		if invalid.Reason != "" {
			return problem.InvalidField(invalid.Field, invalid.Why).With("reason", invalid.Reason)
		}
		return problem.InvalidField(invalid.Field, invalid.Why)
	case errors.As(err, &unacceptable):
		return (&problem.Problem{Status: 422, Code: "password_not_acceptable",
			Detail: unacceptable.Error()}).With("reason", unacceptable.Reason)
	case errors.As(err, &taken) && taken.Field == "username":
		return problem.UsernameTaken
	case errors.As(err, &taken):
		return problem.UserExists
	case errors.Is(err, store.ErrLastAdministrator):
		return problem.LastAdministrator
	case errors.Is(err, store.ErrNotFound):
		return problem.NotFound
	case errors.Is(err, store.ErrStale):
		return problem.Changing
	}
	return err
}

// UpdateTries bounds how often a change is retried because the record changed meanwhile.
const UpdateTries = 8

// update reads the account, applies change to it and writes it, and starts again if the account changed in between. It
// writes nothing if nothing differs.
func (a *core) update(ctx context.Context, id string,
	change func(*store.User) error) (before, after store.User, err error) {
	for range UpdateTries {
		if before, err = a.users.User(ctx, id); err != nil {
			return before, after, fmt.Errorf("reading the account: %w", err)
		}
		after = before
		after.Roles, after.Attributes = slices.Clone(before.Roles), maps.Clone(before.Attributes)
		if after.Attributes == nil {
			after.Attributes = map[string]any{}
		}
		if err = change(&after); err != nil {
			return before, before, err
		}
		if reflect.DeepEqual(before, after) {
			return before, before, nil
		}
		after, err = a.users.UpdateUser(ctx, after)
		if !errors.Is(err, store.ErrStale) {
			break
		}
	}
	if err != nil {
		return before, before, fmt.Errorf("changing the account: %w", err)
	}
	a.refreshSessions(ctx, &after)
	return before, after, nil
}

// refreshPatience bounds how long a change of an account waits for its sessions.
const refreshPatience = time.Second

// refreshSessions copies a change of an account into its sessions, so that it is in force at the next request. The
// outbox row that was committed with the change makes the relay do the same: if this fails, the change only takes
// effect later.
func (a *core) refreshSessions(ctx context.Context, u *store.User) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshPatience)
	defer cancel()
	if err := a.sessions.RefreshIdentity(ctx, u.Identity()); err != nil {
		a.log.WarnContext(ctx, "session refresh deferred to relay",
			slog.String("user_id", u.ID), slog.Any("error", err))
	}
}

func (a *core) newID() (string, error) { return NewID(a.rand) }

// HasAdministrator reports whether an enabled account holds the role admin.
func (a *core) HasAdministrator(ctx context.Context) (bool, error) {
	q := store.UserQuery{Role: AdministratorRole, Limit: 100}
	for {
		page, err := a.users.ListUsers(ctx, q)
		if err != nil {
			return false, fmt.Errorf("looking for an administrator: %w", err)
		}
		if slices.ContainsFunc(page, func(u store.User) bool { return u.Enabled && u.Approved }) {
			return true, nil
		}
		if len(page) < q.Limit {
			return false, nil
		}
		q.After = page[len(page)-1].ID
	}
}
