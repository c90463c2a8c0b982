package accounts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// act is something that administrators do to an account, or to many at once.
type act struct {
	Name  string
	Needs Assurance // to do it to one account; to many it is recentLogin at least
	Role  bool      // a role is named with it
	own   bool      // among many, one's own account is left out: it would end the very session that does it
	Do    func(a *Accounts, ctx context.Context, by Actor, id, role string) error
}

// Acts returns them in the order that people read.
func Acts() []act {
	set := func(ch UserChange) func(*Accounts, context.Context, Actor, string, string) error {
		return func(a *Accounts, ctx context.Context, by Actor, id, _ string) error {
			_, err := a.Set(ctx, by, id, ch)
			return err
		}
	}
	return []act{
		{Name: "enable", Do: set(UserChange{Enabled: new(true)})},
		{Name: "disable", own: true, Do: set(UserChange{Enabled: new(false)})},
		{Name: "approve", Do: set(UserChange{Approved: new(true)})},
		{Name: "decline", Needs: RecentLogin, own: true,
			Do: func(a *Accounts, ctx context.Context, by Actor, id, _ string) error {
				return a.Decline(ctx, by, id)
			}},
		{Name: "add_role", Needs: RecentLogin, Role: true,
			Do: func(a *Accounts, ctx context.Context, by Actor, id, role string) error {
				_, err := a.Set(ctx, by, id, UserChange{AddRoles: []string{role}})
				return err
			}},
		{Name: "remove_role", Needs: RecentLogin, Role: true, own: true,
			Do: func(a *Accounts, ctx context.Context, by Actor, id, role string) error {
				_, err := a.Set(ctx, by, id, UserChange{RemoveRoles: []string{role}})
				return err
			}},
		{Name: "end_sessions", own: true, Do: func(a *Accounts, ctx context.Context, by Actor, id, _ string) error {
			_, err := a.RevokeSessions(ctx, by, id)
			return err
		}},
		{Name: "new_password", Needs: RecentLogin, own: true, Do: set(UserChange{MustChangePassword: new(true)})},
		{Name: "delete", Needs: RecentLogin, own: true, Do: func(a *Accounts, ctx context.Context, by Actor, id, _ string) error {
			return a.Delete(ctx, by, id)
		}},
	}
}

func ActNamed(name string) *act {
	list := Acts()
	if i := slices.IndexFunc(list, func(a act) bool { return a.Name == name }); i >= 0 {
		return &list[i]
	}
	return nil
}

// MaxBulk is to how many accounts something is done at once.
const MaxBulk = 500

var (
	errOwnAccount = &problem.Problem{Status: 409, Code: "own_account", Detail: "this is your own account: do it on its page"}
	errNoTime     = &problem.Problem{Status: 503, Code: "out_of_time", Detail: "there was no time left for this account; do it again"}
)

// Bulk is one act on many accounts, as it was asked for.
type Bulk struct {
	Act  *act
	Role string
	Ids  []string // each once
}

// NewBulk checks what was asked for, before anything is done.
func NewBulk(a *Accounts, action, role string, ids []string) (*Bulk, error) {
	b := &Bulk{Act: ActNamed(action), Role: role}
	switch {
	case b.Act == nil:
		return nil, problem.InvalidField("action", "is none that can be done to many")
	case b.Act.Role != (role != ""):
		return nil, problem.InvalidField("role", "is needed to give or take a role, and for nothing else")
	}
	if role != "" {
		if !a.CanHoldRole(role) {
			return nil, problem.InvalidField("role", "is none that can be given")
		}
	}
	seen := map[string]bool{}
	for _, id := range ids {
		if !seen[id] {
			b.Ids = append(b.Ids, id)
		}
		seen[id] = true
	}
	if n := len(b.Ids); n == 0 || n > MaxBulk {
		return nil, problem.InvalidField("ids", fmt.Sprintf("must be from 1 to %d accounts", MaxBulk))
	}
	return b, nil
}

// BulkResult says what became of one account.
type BulkResult struct {
	ID      string
	User    store.User       // as it was before; zero: there is none
	Problem *problem.Problem // why nothing was done; nil: it was done
}

// DoBulk does it to one account after the other. What cannot be done to one is told of it and stops no other. That an
// administrator stays is the store's to say, row by row: of the last two, one is left.
func DoBulk(ctx context.Context, a *Accounts, log *slog.Logger, by Actor, b *Bulk) []BulkResult {
	results := make([]BulkResult, 0, len(b.Ids))
	for _, id := range b.Ids {
		r := BulkResult{ID: id}
		err := error(errNoTime)
		if ctx.Err() == nil {
			r.User, err = a.Account(ctx, id)
		}
		if err == nil {
			err = doOne(ctx, a, by, b, id)
		}
		switch {
		case err == nil:
		case problem.IsFault(err):
			log.ErrorContext(ctx, "one of many accounts could not be changed", slog.String("user_id", problem.Bounded(id, 26)), slog.String("act", b.Act.Name), slog.Any("error", err))
			r.Problem = problem.Unavailable
		default:
			r.Problem = problem.Of(err)
		}
		results = append(results, r)
	}
	return results
}

func doOne(ctx context.Context, a *Accounts, by Actor, b *Bulk, id string) error {
	switch {
	case ctx.Err() != nil:
		return errNoTime
	case b.Act.own && id == by.ID:
		return errOwnAccount
	}
	err := b.Act.Do(a, ctx, by, id, b.Role)
	if errors.Is(err, context.DeadlineExceeded) {
		return errNoTime
	}
	return err
}
