package authportal

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

func ptr[T any](v T) *T { return &v }

var cli = accounts.Actor{ID: "command line"}

// codeOf returns the code of a problem; "failed" for any other error.
func codeOf(err error) string {
	var p *problem.Problem
	switch {
	case err == nil:
		return ""
	case errors.As(err, &p):
		if field, ok := p.Extra["field"].(string); ok {
			return p.Code + " " + field
		}
		return p.Code
	}
	return "failed: " + err.Error()
}

func TestAnAdministratorsAccountIsComplete(t *testing.T) {
	w, _ := newAccounts(t)
	a := w.p.Accounts()
	u, err := a.Add(t.Context(), cli, accounts.NewUser{Email: "Ann@Example.com", Name: "Ann",
		Roles: []string{"writer", "editor", "writer"}, Password: "correct horse",
		Attributes: map[string]any{"plan": "gold", "seats": 3.0, "beta": true, "teams": []any{"a", "b"}}})
	if err != nil {
		t.Fatal(err)
	}
	got := w.account("ann@example.com")
	if got.ID != u.ID || got.Username != "ann@example.com" || !got.Confirmed || !got.Enabled || !got.Approved ||
		!slices.Equal(got.Roles, []string{"editor", "writer"}) ||
		got.Attributes["seats"] != 3.0 || got.Version != 1 || u.Version != 1 || !got.Created.Equal(w.clock()) {
		t.Errorf("%+v", got)
	}
	if e := w.eventsOf(audit.EventUserCreate); len(e) != 1 || e[0].Actor != "command line" || e[0].UserID != u.ID {
		t.Errorf("%+v", e)
	}
	w.browser().enter("ann@example.com", "correct horse")
	if _, err := a.Add(t.Context(), cli, accounts.NewUser{Email: "bob@example.com"}); err != nil {
		t.Errorf("an account without a password: %v", err)
	}
	w.browser().api("POST", aloneAPI+"login", `{"login":"bob@example.com","password":""}`).wants(t, 401,
		"invalid_credentials")
}

func TestWhatAnAccountCannotBe(t *testing.T) {
	w, _ := newAccounts(t, func(c *Config) {
		c.CheckRole = func(r string) error {
			if strings.ContainsAny(r, ", ") {
				return errors.New("holds a separator")
			}
			return nil
		}
		c.CheckUsername = func(n string) error {
			if n == "root" {
				return errors.New("no")
			}
			return nil
		}
	})
	a := w.p.Accounts()
	w.user("ann")
	many := map[string]any{}
	for i := range 65 {
		many["a"+string(rune('a'+i%26))+string(rune('a'+i/26))] = "x"
	}
	for want, n := range map[string]accounts.NewUser{
		"invalid_field email":      {Email: "bob"},
		"invalid_field username":   {Email: "bob@example.com", Username: "root"},
		"invalid_field name":       {Email: "bob@example.com", Name: "a\nb"},
		"invalid_field roles":      {Email: "bob@example.com", Roles: []string{"a,b"}},
		"invalid_field attributes": {Email: "bob@example.com", Attributes: many},
		"invalid_field plan": {Email: "bob@example.com",
			Attributes: map[string]any{"plan": map[string]any{"a": "b"}}},
		"invalid_field list": {Email: "bob@example.com", Attributes: map[string]any{"list": []any{1.0}}},
		"invalid_field long": {Email: "bob@example.com",
			Attributes: map[string]any{"long": strings.Repeat("x", 1001)}},
		"password_not_acceptable": {Email: "bob@example.com", Password: "short"},
		"user_exists":             {Email: "ann@example.com"}, "username_taken": {Email: "bob@example.com", Username: "ANN"},
	} {
		if _, err := a.Add(t.Context(), cli, n); codeOf(err) != want {
			t.Errorf("%s: %s", want, codeOf(err))
		}
	}
	if _, err := a.Add(t.Context(), cli, accounts.NewUser{Email: "bob@example.com",
		Attributes: map[string]any{"Plan": "x"}}); codeOf(err) != "invalid_field attributes" {
		t.Error(codeOf(err))
	}
	if w.count() != 1 {
		t.Errorf("%d accounts", w.count())
	}
}

func TestWhatAnAdministratorChanges(t *testing.T) {
	w, _ := newAccounts(t)
	a := w.p.Accounts()
	u, err := a.Add(t.Context(), cli, accounts.NewUser{Email: "ann@example.com", Roles: []string{"a", "b"},
		Attributes: map[string]any{"x": "1", "y": "2"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change accounts.UserChange
		ok     func(store.User) bool
	}{
		{accounts.UserChange{AddRoles: []string{"c"}, RemoveRoles: []string{"a", "z"}},
			func(u store.User) bool { return slices.Equal(u.Roles, []string{"b", "c"}) }},
		{accounts.UserChange{Roles: &[]string{}, AddRoles: []string{"d"}},
			func(u store.User) bool { return slices.Equal(u.Roles, []string{"d"}) }},
		{accounts.UserChange{Attributes: map[string]any{"x": nil, "z": 1.5}}, func(u store.User) bool {
			return len(u.Attributes) == 2 && u.Attributes["z"] == 1.5 && u.Attributes["y"] == "2"
		}},
		{accounts.UserChange{Email: ptr("Ann.Lee@example.com")}, func(u store.User) bool {
			return u.Email == "ann.lee@example.com" && u.Username == u.Email && u.Confirmed
		}},
		{accounts.UserChange{Username: ptr("Ann")}, func(u store.User) bool { return u.Username == "ann" }},
		{accounts.UserChange{Email: ptr("ann@example.org")},
			func(u store.User) bool { return u.Username == "ann" && u.Email == "ann@example.org" }},
		{accounts.UserChange{Username: ptr("")}, func(u store.User) bool { return u.Username == "ann@example.org" }},
		{accounts.UserChange{Name: ptr(" Ann ")}, func(u store.User) bool { return u.Name == "Ann" }},
		{accounts.UserChange{Enabled: ptr(false)}, func(u store.User) bool { return !u.Enabled }},
		{accounts.UserChange{}, func(u store.User) bool { return !u.Enabled }},
	} {
		got, err := a.Set(t.Context(), cli, u.ID, c.change)
		if err != nil || !c.ok(got) {
			t.Errorf("%+v: %+v, %v", c.change, got, err)
		}
		if stored, _ := w.users.User(t.Context(), u.ID); !c.ok(stored) {
			t.Errorf("%+v: stored %+v", c.change, stored)
		}
	}
	want := []string{"ok roles", "ok roles", "ok attributes", "ok email username", "ok username", "ok email",
		"ok username", "ok name", "ok disabled"}
	wantEvents(t, w, audit.EventUserChange, want...)
	w.user("bob")
	for want, change := range map[string]accounts.UserChange{
		"user_exists": {Email: ptr("bob@example.com")}, "username_taken": {Username: ptr("bob")},
		"invalid_field username":  {Username: ptr("bob@example.com")},
		"invalid_field email":     {Email: ptr("")},
		"password_not_acceptable": {Password: ptr("short"), Name: ptr("changed")},
	} {
		if _, err := a.Set(t.Context(), cli, u.ID, change); codeOf(err) != want {
			t.Errorf("%s: %s", want, codeOf(err))
		}
	}
	if stored, _ := w.users.User(t.Context(), u.ID); stored.Name != "Ann" {
		t.Error("half of a refused change was made")
	}
	if _, err := a.Set(t.Context(), cli, "nobody", accounts.UserChange{Name: ptr("x")}); codeOf(err) != "not_found" {
		t.Error(codeOf(err))
	}
}

func TestDisablingDeletingAndANewPasswordEndSessions(t *testing.T) {
	for name, act := range map[string]func(a *accounts.Accounts, id string) error{
		"disable": func(a *accounts.Accounts, id string) error {
			_, err := a.Disable(t.Context(), cli, id)
			return err
		},
		"delete": func(a *accounts.Accounts, id string) error { return a.Delete(t.Context(), cli, id) },
		"password": func(a *accounts.Accounts, id string) error {
			_, err := a.Set(t.Context(), cli, id, accounts.UserChange{Password: ptr("correct horse")})
			return err
		},
		"revoke": func(a *accounts.Accounts, id string) error {
			_, err := a.RevokeSessions(t.Context(), cli, id)
			return err
		},
		"everyone": func(a *accounts.Accounts, _ string) error {
			_, err := a.RevokeAllSessions(t.Context(), cli)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := newAccounts(t)
			b, u := w.member("ann")
			other, _ := w.member("bob")
			if err := act(w.p.Accounts(), u.ID); err != nil {
				t.Fatal(err)
			}
			if b.signedInAs() != "" {
				t.Error("the session goes on")
			}
			if (other.signedInAs() == "") != (name == "everyone") {
				t.Errorf("bob is %q", other.signedInAs())
			}
			switch p := w.browser().api("POST", aloneAPI+"login", `{"login":"ann","password":"right"}`); name {
			case "disable":
				p.wants(t, 403, "account_disabled")
				if _, err := w.p.Accounts().Enable(t.Context(), cli, u.ID); err != nil {
					t.Fatal(err)
				}
				w.browser().enter("ann", "right")
			case "delete", "password":
				p.wants(t, 401, "invalid_credentials")
			default:
				p.wants(t, 200, "")
			}
		})
	}
}

// Without a relay, a change by an administrator is in force at the next request on this gateway all the same.
func TestAChangeIsInForceBeforeItIsAnswered(t *testing.T) {
	w, _ := newAccounts(t)
	b, u := w.member("ann")
	for _, roles := range [][]string{{"editor"}, {}} {
		if _, err := w.p.Accounts().Set(t.Context(), cli, u.ID, accounts.UserChange{Roles: &roles}); err != nil {
			t.Fatal(err)
		}
		user, _ := b.api("GET", aloneAPI+"session", "").json(t)["user"].(map[string]any)
		held, _ := user["roles"].([]any)
		if len(held) != len(roles) || len(roles) == 1 && held[0] != roles[0] {
			t.Errorf("holds %v, want %v", held, roles)
		}
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	w, _ := newAccounts(t)
	a := w.p.Accounts()
	u, err := a.Add(t.Context(), cli, accounts.NewUser{Email: "root@example.com", Roles: []string{"admin"}})
	if err != nil {
		t.Fatal(err)
	}
	_, disable := a.Disable(t.Context(), cli, u.ID)
	_, demote := a.Set(t.Context(), cli, u.ID, accounts.UserChange{RemoveRoles: []string{"admin"}})
	for i, err := range []error{disable, demote, a.Delete(t.Context(), cli, u.ID)} {
		if codeOf(err) != "last_administrator" {
			t.Errorf("%d: %s", i, codeOf(err))
		}
	}
	if _, err := a.Add(t.Context(), cli, accounts.NewUser{Email: "second@example.com",
		Roles: []string{"admin"}}); err != nil {
		t.Fatal(err)
	}
	if err := a.Delete(t.Context(), cli, u.ID); err != nil {
		t.Error(err)
	}
}

func TestAnAccountIsFoundByIDAddressOrUsername(t *testing.T) {
	w, _ := newAccounts(t)
	a := w.p.Accounts()
	u := w.user("ann")
	for _, who := range []string{u.ID, "ANN", " ann@Example.com "} {
		if got, err := a.Find(t.Context(), who); err != nil || got.ID != u.ID {
			t.Errorf("%q: %q, %v", who, got.Username, err)
		}
	}
	for _, who := range []string{"", "bob", "a,b", "ann@example.com,x", strings.Repeat("a", 26)} {
		if _, err := a.Find(t.Context(), who); codeOf(err) != "not_found" {
			t.Errorf("%q: %s", who, codeOf(err))
		}
	}
	// A username that equals the id of another account must not shadow it.
	if _, err := a.Add(t.Context(), cli, accounts.NewUser{Email: "eve@example.com", Username: u.ID}); err != nil {
		t.Fatal(err)
	}
	if got, _ := a.Find(t.Context(), u.ID); got.Username != "ann" {
		t.Errorf("found %q", got.Username)
	}
}

func TestManyChangesOfOneAccountAtOnceAreAllMade(t *testing.T) {
	w, _ := newAccounts(t)
	a := w.p.Accounts()
	u := w.user("ann")
	var wg sync.WaitGroup
	for _, role := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			if _, err := a.Set(t.Context(), cli, u.ID, accounts.UserChange{AddRoles: []string{role}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := w.account("ann"); len(got.Roles) != 4 || got.Version != 5 {
		t.Errorf("%v at version %d", got.Roles, got.Version)
	}
}

func TestAccountsWorkWithoutAPortal(t *testing.T) {
	w, k := newAccounts(t)
	if _, err := accounts.New(accounts.Deps{}); err == nil {
		t.Error("without a store")
	}
	a, err := accounts.New(accounts.Deps{Users: w.users, Sessions: w.cfg.Sessions, Passwords: k})
	if err != nil {
		t.Fatal(err)
	}
	u, err := a.Add(t.Context(), cli, accounts.NewUser{Email: "ann@example.com", Password: "correct horse"})
	if err != nil || len(u.ID) != 26 || time.Since(u.Created) > time.Hour {
		t.Errorf("%+v, %v", u, err)
	}
	if list, err := a.List(t.Context(), store.UserQuery{}); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	if list, err := a.Sessions(t.Context(), u.ID); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	none, err := accounts.New(accounts.Deps{Users: w.users, Sessions: w.cfg.Sessions})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Set(t.Context(), cli, u.ID,
		accounts.UserChange{Password: ptr("correct horse")}); codeOf(err) != "invalid_field password" {
		t.Error(codeOf(err))
	}
}
