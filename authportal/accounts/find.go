package accounts

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// UserID matches the ids of accounts.
var UserID = regexp.MustCompile(`^[a-z2-7]{26}$`)

// Account returns the account with that id. It accepts no other name.
func (a *core) Account(ctx context.Context, id string) (store.User, error) {
	if !UserID.MatchString(id) {
		return store.User{}, problem.NotFound
	}
	u, err := a.users.User(ctx, id)
	return u, Problem(err)
}

// Find returns the account with that id, address or username, in any spelling. An id takes precedence over a username
// that looks like one, so that a user cannot pass for another account.
func (a *core) Find(ctx context.Context, who string) (store.User, error) {
	if UserID.MatchString(who) {
		u, err := a.users.User(ctx, who)
		if err == nil || !errors.Is(err, store.ErrNotFound) {
			return u, Problem(err)
		}
	}
	login, possible := NormalizeLogin(who)
	if !possible {
		return store.User{}, problem.NotFound
	}
	u, err := a.users.FindUser(ctx, login)
	return u, Problem(err)
}

// List returns one page of accounts.
func (a *core) List(ctx context.Context, q store.UserQuery) ([]store.User, error) {
	users, err := a.users.ListUsers(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("listing accounts: %w", err)
	}
	return users, nil
}

// Count returns how many accounts a query selects, at most limit.
func (a *core) Count(ctx context.Context, q store.UserQuery, limit int) (int, error) {
	n, err := a.users.CountUsers(ctx, q, limit)
	if err != nil {
		return 0, fmt.Errorf("counting accounts: %w", err)
	}
	return n, nil
}

// Sessions returns the active sessions of an account, newest first.
func (a *core) Sessions(ctx context.Context, id string) ([]store.Session, error) {
	list, err := a.sessions.SessionsOf(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	return list, nil
}

// RevokeSessions ends every session of an account and returns their number.
func (a *core) RevokeSessions(ctx context.Context, by Actor, id string) (int, error) {
	u, err := a.users.User(ctx, id)
	if err != nil {
		return 0, Problem(err)
	}
	return a.revoke(ctx, by, &u)
}

// RevokeAllSessions ends every session of every account, the caller's included, and returns their number.
func (a *core) RevokeAllSessions(ctx context.Context, by Actor) (total int, err error) {
	q := store.UserQuery{Limit: 1000}
	for {
		page, err := a.List(ctx, q)
		if err != nil {
			return total, err
		}
		for i := range page {
			n, err := a.revoke(ctx, by, &page[i])
			if total += n; err != nil {
				return total, err
			}
		}
		if len(page) < q.Limit {
			return total, nil
		}
		q.After = page[len(page)-1].ID
	}
}

// RevokeSession ends one session of an account; store.ErrNotFound if it has none of that id.
func (a *core) RevokeSession(ctx context.Context, by Actor, u *store.User, id string) error {
	if err := a.sessions.EndSession(ctx, u.ID, id); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	a.Emit(ctx, by, audit.Event{Kind: audit.EventSessionEnd, Result: audit.ResultOK, Reason: "revoked", UserID: u.ID,
		Username: u.Username, Session: id})
	return nil
}

func (a *core) revoke(ctx context.Context, by Actor, u *store.User) (int, error) {
	n, err := a.carryOut(ctx, recoveryAct{act: RecoverySessions, account: u.ID})
	if err != nil {
		return 0, err
	}
	if n > 0 {
		a.Emit(ctx, by, audit.Event{Kind: audit.EventSessionEnd, Result: audit.ResultOK, Reason: "revoked",
			UserID: u.ID, Username: u.Username})
	}
	return n, nil
}
