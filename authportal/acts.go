package authportal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/gatehouse-auth/gatehouse/store"
)

// act is something that administrators do to an account, or to many at once.
type act struct {
	name  string
	needs assurance // to do it to one account; to many it is recentLogin at least
	role  bool      // a role is named with it
	own   bool      // among many, one's own account is left out: it would end the very session that does it
	do    func(a *Accounts, ctx context.Context, by Actor, id, role string) error
}

// acts returns them in the order that people read.
func acts() []act {
	set := func(ch UserChange) func(*Accounts, context.Context, Actor, string, string) error {
		return func(a *Accounts, ctx context.Context, by Actor, id, _ string) error {
			_, err := a.Set(ctx, by, id, ch)
			return err
		}
	}
	return []act{
		{name: "enable", do: set(UserChange{Enabled: new(true)})},
		{name: "disable", own: true, do: set(UserChange{Enabled: new(false)})},
		{name: "approve", do: set(UserChange{Approved: new(true)})},
		{name: "decline", needs: recentLogin, own: true,
			do: func(a *Accounts, ctx context.Context, by Actor, id, _ string) error {
				return a.Decline(ctx, by, id)
			}},
		{name: "add_role", needs: recentLogin, role: true,
			do: func(a *Accounts, ctx context.Context, by Actor, id, role string) error {
				_, err := a.Set(ctx, by, id, UserChange{AddRoles: []string{role}})
				return err
			}},
		{name: "remove_role", needs: recentLogin, role: true, own: true,
			do: func(a *Accounts, ctx context.Context, by Actor, id, role string) error {
				_, err := a.Set(ctx, by, id, UserChange{RemoveRoles: []string{role}})
				return err
			}},
		{name: "end_sessions", own: true, do: func(a *Accounts, ctx context.Context, by Actor, id, _ string) error {
			_, err := a.RevokeSessions(ctx, by, id)
			return err
		}},
		{name: "new_password", needs: recentLogin, own: true, do: set(UserChange{PasswordDue: new(true)})},
		{name: "delete", needs: recentLogin, own: true,
			do: func(a *Accounts, ctx context.Context, by Actor, id, _ string) error {
				return a.Delete(ctx, by, id)
			}},
	}
}

func actNamed(name string) *act {
	list := acts()
	if i := slices.IndexFunc(list, func(a act) bool { return a.name == name }); i >= 0 {
		return &list[i]
	}
	return nil
}

// maxBulk is to how many accounts something is done at once.
const maxBulk = 500

var (
	errOwnAccount = &Problem{Status: 409, Code: "own_account", Detail: "this is your own account: do it on its page"}
	errNoTime     = &Problem{Status: 503, Code: "out_of_time",
		Detail: "there was no time left for this account; do it again"}
)

// bulk is one act on many accounts, as it was asked for.
type bulk struct {
	act  *act
	role string
	ids  []string // each once
}

// newBulk checks what was asked for, before anything is done.
func newBulk(a *Accounts, action, role string, ids []string) (*bulk, error) {
	b := &bulk{act: actNamed(action), role: role}
	switch {
	case b.act == nil:
		return nil, invalidField("action", "is none that can be done to many")
	case b.act.role != (role != ""):
		return nil, invalidField("role", "is needed to give or take a role, and for nothing else")
	}
	if role != "" {
		if !a.CanHoldRole(role) {
			return nil, invalidField("role", "is none that can be given")
		}
	}
	seen := map[string]bool{}
	for _, id := range ids {
		if !seen[id] {
			b.ids = append(b.ids, id)
		}
		seen[id] = true
	}
	if n := len(b.ids); n == 0 || n > maxBulk {
		return nil, invalidField("ids", fmt.Sprintf("must be from 1 to %d accounts", maxBulk))
	}
	return b, nil
}

// bulkResult says what became of one account.
type bulkResult struct {
	id      string
	user    store.User // as it was before; zero: there is none
	problem *Problem   // why nothing was done; nil: it was done
}

// doBulk does it to one account after the other. What cannot be done to one is told of it and stops no other. That an
// administrator stays is the store's to say, row by row: of the last two, one is left.
func doBulk(ctx context.Context, a *Accounts, log *slog.Logger, by Actor, b *bulk) []bulkResult {
	results := make([]bulkResult, 0, len(b.ids))
	for _, id := range b.ids {
		r := bulkResult{id: id}
		err := error(errNoTime)
		if ctx.Err() == nil {
			r.user, err = a.Account(ctx, id)
		}
		if err == nil {
			err = doOne(ctx, a, by, b, id)
		}
		switch {
		case err == nil:
		case weFailed(err):
			log.ErrorContext(ctx, "one of many accounts could not be changed",
				slog.String("user_id", bounded(id, 26)), slog.String("act", b.act.name), slog.Any("error", err))
			r.problem = errUnavailable
		default:
			r.problem = problemOf(err)
		}
		results = append(results, r)
	}
	return results
}

func doOne(ctx context.Context, a *Accounts, by Actor, b *bulk, id string) error {
	switch {
	case ctx.Err() != nil:
		return errNoTime
	case b.act.own && id == by.ID:
		return errOwnAccount
	}
	err := b.act.do(a, ctx, by, id, b.role)
	if errors.Is(err, context.DeadlineExceeded) {
		return errNoTime
	}
	return err
}
