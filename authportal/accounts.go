package authportal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// administratorRole is the role that may do everything in Gatehouse itself.
const administratorRole = store.RoleAdmin

// Accounts makes and changes accounts: the one set of rules behind sign-up, set-up, the account page, administrators and
// the command line. Outcomes that are the caller's to hear are a *Problem; any other error means that we failed. It is
// safe for concurrent use.
type Accounts struct {
	users     store.UserStore
	sessions  store.SessionStore
	passwords method.Passwords // nil: nobody signs in by password here
	checkRole,
	checkUsername func(string) error
	notify func(context.Context, Event)
	now    func() time.Time
	rand   io.Reader
	log    *slog.Logger
	outbox store.Outbox // nil: no mail
	fields []string     // of `signup`, kept as attributes
}

// NewAccounts wires Accounts without a Portal, as the command line needs it. Of the configuration it reads Users,
// Sessions, Methods, CheckRole, CheckUsername, Mail, Notify, Now, Rand, Log and the fields of sign-up.
func NewAccounts(c Config) (*Accounts, error) {
	if c.Users == nil || c.Sessions == nil {
		return nil, errors.New("wiring accounts: no store")
	}
	c = c.withDefaults()
	p := &Portal{methods: c.Methods, set: c.Settings}
	return &Accounts{users: c.Users, sessions: c.Sessions, passwords: p.passwords(), checkRole: c.CheckRole, checkUsername: c.CheckUsername,
		notify: c.Notify, now: c.Now, rand: c.Rand, log: c.Log, outbox: c.Mail, fields: p.ownFields()}, nil
}

// Accounts returns the accounts of this portal.
func (p *Portal) Accounts() *Accounts {
	return &Accounts{users: p.users, sessions: p.sessions, passwords: p.passwords(), checkRole: p.checkRole, checkUsername: p.checkUsername,
		notify: p.notify, now: p.now, rand: p.rand, log: p.log, outbox: p.outbox, fields: p.ownFields()}
}

// By is who acts on an account that is not their own, for the audit trail.
type By struct {
	Actor   string // "command line", or the id of an administrator
	Method  string // how they are known, where that is not a sign-in: "api_token"
	Address string // of their browser; empty where there is none
	Host    string
	Base    string // of our pages, for links in letters: "https://auth.example.com"; empty: letters carry none
}

func (a *Accounts) emit(ctx context.Context, by By, e Event) {
	e.Time, e.Actor, e.Method, e.Address, e.Host = a.now(), by.Actor, by.Method, by.Address, by.Host
	tell(context.WithoutCancel(ctx), a.log, a.notify, e)
}

var (
	errUserExists        = problem.UserExists
	errUsernameTaken     = problem.UsernameTaken
	errLastAdministrator = problem.LastAdministrator
	errChangedMeanwhile  = problem.ChangedMeanwhile
	errChanging          = problem.Changing
)

// invalidField is the problem of a value that a field cannot have.
func invalidField(field, why string) *Problem {
	return problem.InvalidField(field, why)
}

// accountProblem turns what a validation, a store or a method said of an account into a Problem, where it is one.
func accountProblem(err error) error {
	var invalid *InvalidError
	var unacceptable *method.UnacceptableError
	var taken *store.TakenError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		if invalid.Reason != "" {
			return invalidField(invalid.Field, invalid.Why).With("reason", invalid.Reason)
		}
		return invalidField(invalid.Field, invalid.Why)
	case errors.As(err, &unacceptable):
		return (&Problem{Status: 422, Code: "password_not_acceptable", Detail: unacceptable.Error()}).With("reason", unacceptable.Reason)
	case errors.As(err, &taken) && taken.Field == "username":
		return errUsernameTaken
	case errors.As(err, &taken):
		return errUserExists
	case errors.Is(err, store.ErrLastAdministrator):
		return errLastAdministrator
	case errors.Is(err, store.ErrNotFound):
		return errNotFound
	case errors.Is(err, store.ErrStale):
		return errChanging
	}
	return err
}

// updateTries is how often a change is decided anew because the account changed meanwhile.
const updateTries = 8

// update reads the account, lets change decide on what is there now, and writes it if it is still so, as often as it takes.
// Nothing is written where nothing differs.
func (a *Accounts) update(ctx context.Context, id string, change func(*store.User) error) (before, after store.User, err error) {
	for range updateTries {
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

// refreshPatience bounds what a change of an account waits for its sessions.
const refreshPatience = time.Second

// refreshSessions gives the sessions of an account what has just changed, so that whoever made the change sees it in force
// at their next request. The row that was committed with the change says the same to the relay, which loses nothing where
// this fails: it is only later.
func (a *Accounts) refreshSessions(ctx context.Context, u *store.User) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshPatience)
	defer cancel()
	if err := a.sessions.RefreshIdentity(ctx, u.Identity()); err != nil {
		a.log.WarnContext(ctx, "sessions of an account will hear of its change a little later", slog.String("user_id", u.ID), slog.Any("error", err))
	}
}

func (a *Accounts) newID() (string, error) { return newID(a.rand) }

// hasAdministrator tells whether somebody who is enabled holds the role admin.
func (a *Accounts) hasAdministrator(ctx context.Context) (bool, error) {
	q := store.UserQuery{Role: administratorRole, Limit: 100}
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
