package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/gatehouse-auth/gatehouse/authportal"
	"github.com/gatehouse-auth/gatehouse/store"
)

// byCommandLine is who acts, for the audit trail.
var byCommandLine = authportal.Actor{ID: "command line"}

// userView is an account as operators see it.
type userView struct{ authportal.OperatorAccount }

func (o *operator) view(ctx context.Context, u *store.User) (*userView, error) {
	v := o.listed(u)
	passwords, err := o.run.Users.CredentialsOf(ctx, u.ID, store.KindPassword)
	v.Password = len(passwords) > 0
	return v, err
}

// listed is the view without what needs another read of the store.
func (o *operator) listed(u *store.User) *userView {
	return &userView{o.run.Portal.Accounts().OperatorJSON(u, false)}
}

// find returns the account with that address, username or id.
func (o *operator) find(ctx context.Context, who string) (store.User, error) {
	u, err := o.run.Portal.Accounts().Find(ctx, who)
	var problem *authportal.Problem
	if errors.Is(err, store.ErrNotFound) || (errors.As(err, &problem) && problem.Status == http.StatusNotFound) {
		return u, faultf(http.StatusNotFound, "there is no account %q: name it by its address, username or id (see `caddy gatehouse users list`)", who)
	}
	return u, err
}

// listUsers answers GET /gatehouse/users?query=&role=&state=&after=&limit=.
func (o *operator) listUsers(r *http.Request) (any, error) {
	ask := r.URL.Query()
	q := store.UserQuery{Text: ask.Get("query"), Role: ask.Get("role"), After: ask.Get("after"), Limit: 100}
	if s := ask.Get("state"); s != "" && !authportal.SelectState(&q, s) {
		return nil, faultf(http.StatusBadRequest, "state must be disabled, waiting, invited, new_password or unconfirmed")
	}
	if s := ask.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 1000 {
			return nil, faultf(http.StatusBadRequest, "limit must be from 1 to 1000")
		}
		q.Limit = n
	}
	list, err := o.run.Portal.Accounts().List(r.Context(), q)
	if err != nil {
		return nil, err
	}
	views := make([]*listedUser, 0, len(list))
	for i := range list {
		views = append(views, &listedUser{userView: o.listed(&list[i])})
	}
	return map[string]any{"users": views}, nil
}

// listedUser leaves out what the list does not look up.
type listedUser struct {
	*userView
	Password *bool `json:"has_password,omitempty"`
}

// addUser answers POST /gatehouse/users.
func (o *operator) addUser(r *http.Request) (any, error) {
	var ask struct {
		Email      string         `json:"email"`
		Username   string         `json:"username"`
		Name       string         `json:"name"`
		Roles      []string       `json:"roles"`
		Attributes map[string]any `json:"attributes"`
		Password   string         `json:"password"`
		Invite     bool           `json:"invite"`
		Due        bool           `json:"password_change_required"`
	}
	if err := body(r, &ask); err != nil {
		return nil, err
	}
	add := o.run.Portal.Accounts().Add
	if ask.Invite {
		add = o.run.Portal.Accounts().AddInvited
	}
	u, err := add(r.Context(), o.by(), authportal.NewUser{Email: ask.Email, Username: ask.Username, Name: ask.Name, Roles: ask.Roles,
		Attributes: ask.Attributes, Password: ask.Password, PasswordDue: ask.Due})
	if err != nil {
		return nil, err
	}
	return o.view(r.Context(), &u)
}

// showUser answers GET /gatehouse/users/{who}.
func (o *operator) showUser(r *http.Request) (any, error) {
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	return o.view(r.Context(), &u)
}

// setUser answers PATCH /gatehouse/users/{who}. What the body does not name stays as it is.
func (o *operator) setUser(r *http.Request) (any, error) {
	var ask struct {
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
	if err := body(r, &ask); err != nil {
		return nil, err
	}
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	u, err = o.run.Portal.Accounts().Set(r.Context(), o.by(), u.ID, authportal.UserChange{Email: ask.Email, Username: ask.Username, Name: ask.Name,
		AddRoles: ask.AddRoles, RemoveRoles: ask.RemoveRoles, Attributes: ask.Attributes, Enabled: ask.Enabled, Password: ask.Password, PasswordDue: ask.Due})
	if err != nil {
		return nil, err
	}
	return o.view(r.Context(), &u)
}

// deleteUser answers DELETE /gatehouse/users/{who}.
func (o *operator) deleteUser(r *http.Request) (any, error) {
	u, err := o.find(r.Context(), r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	if err := o.run.Portal.Accounts().Delete(r.Context(), byCommandLine, u.ID); err != nil {
		return nil, err
	}
	return o.listed(&u), nil
}
