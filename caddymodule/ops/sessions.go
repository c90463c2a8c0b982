package ops

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Session is a sign-in as operators see it. It holds nothing that opens a session.
type Session struct {
	ID         string    `json:"id"`
	UserID     string    `json:"user_id"`
	Username   string    `json:"username"`
	Host       string    `json:"host"`
	Created    time.Time `json:"created"`
	LastSeen   time.Time `json:"last_seen"`
	Expires    time.Time `json:"expires"`
	Methods    []string  `json:"methods"`
	Address    string    `json:"address,omitempty"`
	Device     string    `json:"device,omitempty"`
	Remembered bool      `json:"remembered"`
}

// forAccounts calls f for the named account, or for every account where none is named.
func (o *operator) forAccounts(ctx context.Context, who string, f func(u *store.User) error) error {
	if who != "" {
		u, err := o.find(ctx, who)
		if err != nil {
			return err
		}
		return f(&u)
	}
	for q := (store.UserQuery{Limit: 1000}); ; {
		list, err := o.run.Users.ListUsers(ctx, q)
		if err != nil {
			return err
		}
		for i := range list {
			if err := f(&list[i]); err != nil {
				return err
			}
		}
		if len(list) < q.Limit {
			return nil
		}
		q.After = list[len(list)-1].ID
	}
}

// listSessions answers GET /gatehouse/sessions?user=.
func (o *operator) listSessions(r *http.Request) (any, error) {
	views := []Session{}
	err := o.forAccounts(r.Context(), r.URL.Query().Get("user"), func(u *store.User) error {
		list, err := o.run.Sessions.SessionsOf(r.Context(), u.ID)
		for _, s := range list {
			view := Session{ID: s.ID, UserID: u.ID, Username: u.Username, Host: s.Host, Created: s.Created, LastSeen: s.LastSeen,
				Expires: s.Expires, Address: s.Address, Device: s.Device, Remembered: s.Remembered, Methods: []string{}}
			for _, p := range s.Proofs {
				view.Methods = append(view.Methods, p.Method)
			}
			views = append(views, view)
		}
		return err
	})
	return map[string]any{"sessions": views}, err
}

// revokeSessions answers POST /gatehouse/sessions/revoke {id?, user?, all?}.
func (o *operator) revokeSessions(r *http.Request) (any, error) {
	var in struct {
		ID   string `json:"id"`
		User string `json:"user"`
		All  bool   `json:"all"`
	}
	if err := decodeBody(r, &in); err != nil {
		return nil, err
	}
	if (in.ID != "" || in.User != "") == in.All {
		return nil, statusErrorf(http.StatusBadRequest, "name one of: the id of a session, a user, or all")
	}
	ended, err := o.revoke(r.Context(), in.ID, in.User)
	if err != nil {
		return nil, err
	}
	if in.ID != "" && ended == 0 {
		return nil, statusErrorf(http.StatusNotFound, "there is no sign-in %s, or it has ended", in.ID)
	}
	return map[string]int{"ended": ended}, nil
}

// revoke ends one sign-in, those of an account, or all.
func (o *operator) revoke(ctx context.Context, id, user string) (ended int, err error) {
	accounts := o.run.Portal.Accounts()
	if id == "" && user == "" {
		return accounts.RevokeAllSessions(ctx, commandLine)
	}
	err = o.forAccounts(ctx, user, func(u *store.User) error {
		if id == "" {
			ended, err = accounts.RevokeSessions(ctx, commandLine, u.ID)
			return err
		}
		err := accounts.RevokeSession(ctx, commandLine, u, id)
		if err == nil {
			ended++
		}
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	return ended, err
}
