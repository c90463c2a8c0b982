package ops

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// commandLine is the actor, for the audit trail.
var commandLine = accounts.Actor{ID: "command line"}

// User is an account as operators see it.
type User struct{ accounts.OperatorAccount }

func (o *operator) show(ctx context.Context, u *store.User) (*User, error) {
	v := o.summarize(u)
	passwords, err := o.run.Users.CredentialsOf(ctx, u.ID, store.KindPassword)
	v.Password = len(passwords) > 0
	return v, err
}

// summarize is the view without what needs another read of the store.
func (o *operator) summarize(u *store.User) *User {
	return &User{o.run.Portal.Accounts().OperatorJSON(u, false)}
}

// find returns the account with that address, username or id.
func (o *operator) find(ctx context.Context, who string) (store.User, error) {
	u, err := o.run.Portal.Accounts().Find(ctx, who)
	var problem *problem.Problem
	if errors.Is(err, store.ErrNotFound) || (errors.As(err, &problem) && problem.Status == http.StatusNotFound) {
		return u, statusErrorf(http.StatusNotFound,
			"there is no account %q: name it by its address, username or id (see `caddy gatehouse users list`)", who)
	}
	return u, err
}

// listUsers answers GET /gatehouse/users?query=&role=&state=&after=&limit=.
func (o *operator) listUsers(r *http.Request) (any, error) {
	in := r.URL.Query()
	q := store.UserQuery{Text: in.Get("query"), Role: in.Get("role"), After: in.Get("after"), Limit: 100}
	if s := in.Get("state"); s != "" && !accounts.SelectState(&q, s) {
		return nil, statusErrorf(http.StatusBadRequest,
			"state must be disabled, waiting, invited, new_password or unconfirmed")
	}
	if s := in.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 1000 {
			return nil, statusErrorf(http.StatusBadRequest, "limit must be from 1 to 1000")
		}
		q.Limit = n
	}
	list, err := o.run.Portal.Accounts().List(r.Context(), q)
	if err != nil {
		return nil, err
	}
	views := make([]*ListedUser, 0, len(list))
	for i := range list {
		views = append(views, &ListedUser{User: o.summarize(&list[i])})
	}
	return map[string]any{"users": views}, nil
}

// ListedUser leaves out what the list does not look up.
type ListedUser struct {
	*User
	Password *bool `json:"has_password,omitempty"`
}

// addUser answers POST /gatehouse/users.
func (o *operator) addUser(r *http.Request) (any, error) {
	var in struct {
		Email      string         `json:"email"`
		Username   string         `json:"username"`
		Name       string         `json:"name"`
		Roles      []string       `json:"roles"`
		Attributes map[string]any `json:"attributes"`
		Password   string         `json:"password"`
		Invite     bool           `json:"invite"`
		Due        bool           `json:"password_change_required"`
	}
	if err := decodeBody(r, &in); err != nil {
		return nil, err
	}
	add := o.run.Portal.Accounts().Add
	if in.Invite {
		add = o.run.Portal.Accounts().AddInvited
	}
	u, err := add(r.Context(), o.actor(), accounts.NewUser{Email: in.Email, Username: in.Username, Name: in.Name,
		Roles: in.Roles, Attributes: in.Attributes, Password: in.Password, MustChangePassword: in.Due})
	if err != nil {
		return nil, err
	}
	return o.show(r.Context(), &u)
}

// showUser answers GET /gatehouse/users/{who}.
func (o *operator) showUser(r *http.Request) (any, error) {
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	return o.show(r.Context(), &u)
}

// setUser answers PATCH /gatehouse/users/{who}. What the body does not name stays as it is.
func (o *operator) setUser(r *http.Request) (any, error) {
	var in struct {
		Email       *string        `json:"email"`
		Username    *string        `json:"username"`
		Name        *string        `json:"name"`
		AddRoles    []string       `json:"add_roles"`
		RemoveRoles []string       `json:"remove_roles"`
		Attributes  map[string]any `json:"attributes"`
		Enabled     *bool          `json:"enabled"`
		Password    *string        `json:"password"`
		Due         *bool          `json:"password_change_required"`
	}
	if err := decodeBody(r, &in); err != nil {
		return nil, err
	}
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	change := accounts.UserChange{Email: in.Email, Username: in.Username, Name: in.Name, AddRoles: in.AddRoles,
		RemoveRoles: in.RemoveRoles, Attributes: in.Attributes, Enabled: in.Enabled, Password: in.Password,
		MustChangePassword: in.Due}
	u, err = o.run.Portal.Accounts().Set(r.Context(), o.actor(), u.ID, change)
	if err != nil {
		return nil, err
	}
	return o.show(r.Context(), &u)
}

// deleteUser answers DELETE /gatehouse/users/{who}.
func (o *operator) deleteUser(r *http.Request) (any, error) {
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	if err := o.run.Portal.Accounts().Delete(r.Context(), commandLine, u.ID); err != nil {
		return nil, err
	}
	return o.summarize(&u), nil
}
