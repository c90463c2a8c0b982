package caddymodule

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/admin"
	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/caddymodule/gate"
)

// The page of roles shows what of which gate demands a role, and where in the Caddyfile.
func TestRulesThatDemandRolesNameHostAndPlace(t *testing.T) {
	dir := t.TempDir()
	app, run, err := prepared(t, dir, globals("role admin {\n\tincludes editor\n}")+`
app.example.com {
	gate {
		public /healthz
		allow role:admin /admin/*
		allow role:editor role:author&domain:example.com /posts/* {
			method POST PUT
			mfa
		}
		allow user
	}
}
wiki.example.com, wiki.example.net {
	gate /private/* role:reader
	@odd header X-Odd *
	gate @odd role:odd
}
`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range roleUses(app) {
		line := fmt.Sprintf("%s %v %v %v %s %s", u.Role, u.Hosts, u.Methods, u.Paths, u.Source, u.Rule)
		if u.Narrowed {
			line += " narrowed"
		}
		got = append(got, line)
	}
	slices.Sort(got)
	want := []string{
		"admin [app.example.com] [] [/admin/*] Caddyfile:15 allow role:admin /admin/*",
		"author [app.example.com] [POST PUT] [/posts/*] Caddyfile:16 allow role:editor role:author&domain:example.com /posts/* { method POST PUT; mfa }",
		"editor [app.example.com] [POST PUT] [/posts/*] Caddyfile:16 allow role:editor role:author&domain:example.com /posts/* { method POST PUT; mfa }",
		"odd [wiki.example.com wiki.example.net] [] [] Caddyfile:26 allow role:odd narrowed",
		"reader [wiki.example.com wiki.example.net] [] [/private/*] Caddyfile:24 allow role:reader",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n, err := run.Sessions.CountSessions(t.Context()); err != nil || n != 0 {
		t.Errorf("%d sessions, %v", n, err)
	}
}

// RoleUses is what the page of roles shows of all gates.
func roleUses(app *app.App) (uses []admin.RoleUse) {
	for _, m := range app.Mounts() {
		uses = append(uses, m.Handler.(*gate.Gate).RoleUses(m.Location.Hosts)...)
	}
	return uses
}
