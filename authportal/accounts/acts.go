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

// Act is an act of administrators on one account, or on many at once.
type Act struct {
	Name    string
	Needs   Assurance // for one account; for many it is at least RecentLogin
	Role    bool      // it takes a role
	skipOwn bool      // a bulk act skips the actor's own account: it would end the very session that performs it
	Do      func(a *Accounts, ctx context.Context, by Actor, id, role string) error
}

// Acts returns all acts in the order in which pages list them.
func Acts() []Act {
	set := func(ch UserChange) func(*Accounts, context.Context, Actor, string, string) error {
		return func(a *Accounts, ctx context.Context, by Actor, id, _ string) error {
			_, err := a.Set(ctx, by, id, ch)
			return err
		}
	}
	return []Act{
		{Name: "enable", Do: set(UserChange{Enabled: new(true)})},
		{Name: "disable", skipOwn: true, Do: set(UserChange{Enabled: new(false)})},
		{Name: "approve", Do: set(UserChange{Approved: new(true)})},
		{Name: "decline", Needs: RecentLogin, skipOwn: true,
			Do: func(a *Accounts, ctx context.Context, by Actor, id, _ string) error {
				return a.Decline(ctx, by, id)
			}},
		{Name: "add_role", Needs: RecentLogin, Role: true,
			Do: func(a *Accounts, ctx context.Context, by Actor, id, role string) error {
				_, err := a.Set(ctx, by, id, UserChange{AddRoles: []string{role}})
				return err
			}},
		{Name: "remove_role", Needs: RecentLogin, Role: true, skipOwn: true,
			Do: func(a *Accounts, ctx context.Context, by Actor, id, role string) error {
				_, err := a.Set(ctx, by, id, UserChange{RemoveRoles: []string{role}})
				return err
			}},
		{Name: "end_sessions", skipOwn: true, Do: func(a *Accounts, ctx context.Context, by Actor, id, _ string) error {
			_, err := a.RevokeSessions(ctx, by, id)
			return err
		}},
		{Name: "new_password", Needs: RecentLogin, skipOwn: true, Do: set(UserChange{MustChangePassword: new(true)})},
		{Name: "delete", Needs: RecentLogin, skipOwn: true,
			Do: func(a *Accounts, ctx context.Context, by Actor, id, _ string) error {
				return a.Delete(ctx, by, id)
			}},
	}
}

// ActNamed returns the act with that name, nil if there is none.
func ActNamed(name string) *Act {
	list := Acts()
	if i := slices.IndexFunc(list, func(a Act) bool { return a.Name == name }); i >= 0 {
		return &list[i]
	}
	return nil
}

// MaxBulk is the greatest number of accounts of one bulk act.
const MaxBulk = 500

var (
	errOwnAccount = &problem.Problem{Status: 409, Code: "own_account",
		Detail: "this is your own account: do it on its page"}
	errNoTime = &problem.Problem{Status: 503, Code: "out_of_time",
		Detail: "there was no time left for this account; do it again"}
)

// Bulk is one act on many accounts.
type Bulk struct {
	Act  *Act
	Role string
	IDs  []string // without duplicates
}

// NewBulk validates a bulk act before any account is touched.
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
			b.IDs = append(b.IDs, id)
		}
		seen[id] = true
	}
	if n := len(b.IDs); n == 0 || n > MaxBulk {
		return nil, problem.InvalidField("ids", fmt.Sprintf("must be from 1 to %d accounts", MaxBulk))
	}
	return b, nil
}

// BulkResult is the outcome for one account.
type BulkResult struct {
	ID      string
	User    store.User       // as it was before; zero: there is no such account
	Problem *problem.Problem // why nothing was done; nil: done
}

// DoBulk performs the act on one account after the other. A failure is part of that account's result and does not stop
// the rest. The store refuses, row by row, to remove the last administrator.
func DoBulk(ctx context.Context, a *Accounts, log *slog.Logger, by Actor, b *Bulk) []BulkResult {
	results := make([]BulkResult, 0, len(b.IDs))
	for _, id := range b.IDs {
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
			log.ErrorContext(ctx, "bulk act failed on an account", slog.String("user_id", problem.Bounded(id, 26)),
				slog.String("act", b.Act.Name), slog.Any("error", err))
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
	case b.Act.skipOwn && id == by.ID:
		return errOwnAccount
	}
	err := b.Act.Do(a, ctx, by, id, b.Role)
	if errors.Is(err, context.DeadlineExceeded) {
		return errNoTime
	}
	return err
}
