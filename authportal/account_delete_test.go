package authportal

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/store"
)

func TestDeletingAnAccountNeedsRecentLogin(t *testing.T) {
	w, _ := newAccounts(t)
	b, u := w.member("ann")
	other := w.browser()
	other.enter("ann", "right")
	w.pass(11 * time.Minute)
	b.api("DELETE", aloneAPI+"account", "").wants(t, 403, "fresh_login_required")
	if p := b.post(alone+"/account/delete", values("sure", "1")); p.url.Path != "/.gatehouse/login" {
		t.Errorf("the form redirects to %s, want the login page", p.url)
	}
	b.enter("ann", "right")
	b.api("DELETE", aloneAPI+"account", "").wants(t, 204, "")

	if _, err := w.users.User(t.Context(), u.ID); !errors.Is(err, store.ErrNotFound) {
		t.Error("the account is still there:", err)
	}
	if b.signedInAs() != "" || other.signedInAs() != "" {
		t.Error("a session outlived its account")
	}
	w.browser().api("POST", aloneAPI+"login", `{"login":"ann","password":"right"}`).wants(t, 401, "invalid_credentials")
	wantEvents(t, w, audit.EventUserDelete, "ok owner")
}

func TestDeletingNeedsTheCheckBox(t *testing.T) {
	w, _ := newAccounts(t)
	b, u := w.member("ann")
	b.post(alone+"/account/delete", values()).wants(t, 422, "problem_invalid_field")
	if b.signedInAs() == "" {
		t.Fatal("deleted without the check box")
	}
	b.api("DELETE", aloneAPI+"account/", "").wants(t, 204, "")
	if _, err := w.users.User(t.Context(), u.ID); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	c, _ := w.member("bob")
	p := c.post(alone+"/account/delete", values("sure", "1"))
	if p.wants(t, 200, "done_deleted_own"); p.url.Path != "/.gatehouse/logout" {
		t.Errorf("redirected to %s", p.url)
	}
}

func TestTheLastAdministratorCannotDeleteThemselves(t *testing.T) {
	w, _ := newAccounts(t)
	b, u := w.member("ann")
	if _, err := w.p.Accounts().Set(t.Context(), cli, u.ID, accounts.UserChange{AddRoles: []string{"admin"}}); err != nil {
		t.Fatal(err)
	}
	b.api("DELETE", aloneAPI+"account", "").wants(t, 409, "last_administrator")
	if b.signedInAs() == "" {
		t.Error("signed out nevertheless")
	}
}

func TestTokenCannotDeleteOrExport(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.member("ann")
	token, _ := b.api("POST", aloneAPI+"tokens", `{"name":"script"}`).json(t)["token"].(string)
	for _, call := range [][2]string{{"DELETE", "account"}, {"GET", "account/export"}} {
		r := w.browser().apiRequest(call[0], aloneAPI+call[1], "")
		r.Header.Set("Authorization", "Bearer "+token)
		b.onceDo(r).wants(t, 403, "forbidden")
	}
}

func TestAccountExport(t *testing.T) {
	w, _ := newAccounts(t, withCompany)
	b, u := w.member("ann")
	b.api("PATCH", aloneAPI+"account", `{"company":"ACME"}`).wants(t, 200, "")
	token, _ := b.api("POST", aloneAPI+"tokens", `{"name":"script"}`).json(t)["token"].(string)
	p := b.api("GET", aloneAPI+"account/export", "")
	p.wants(t, 200, `"company":"ACME"`)
	for _, part := range []string{u.ID, `"sessions":[{`, `"kind":"password"`, `"label":"script"`, `"exported":"2026-11-23T`} {
		if !strings.Contains(p.body, part) {
			t.Errorf("%s is missing in %s", part, p.body)
		}
	}
	if got := p.Header.Get("Content-Disposition"); got != `attachment; filename="account.json"` {
		t.Errorf("offered as %q", got)
	}
	secrets := []string{token, signin.TokenID(token), "right", b.cookie(alone, "__Host-gatehouse")}
	for _, s := range secrets {
		if s != "" && strings.Contains(p.body, s) {
			t.Errorf("the export holds %q", s)
		}
	}
	w.browser().api("GET", aloneAPI+"account/export", "").wants(t, 401, "login_required")
}
