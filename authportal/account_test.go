package authportal

import (
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
)

var withCompany = withSignup(settings.SignupSettings{Mode: settings.SignupOpen, Fields: []settings.SignupField{{Name: "company", Required: true}, {Name: "phone"}, {Name: "username"}}})

func TestTheAccountAsItsOwnerReadsIt(t *testing.T) {
	w, _ := newAccounts(t, withCompany)
	b, u := w.member("ann")
	p := b.api("GET", aloneAPI+"account", "")
	want := `{"attributes":{},"confirmed":true,"created":"2026-11-23T12:00:00Z","email":"ann@example.com","fields":["company","phone"],"id":"` + u.ID +
		`","name":"","roles":[],"sign_ins":[{"created":"2026-11-23T12:00:00Z","kind":"password"}],"username":"ann"}` + "\n"
	if p.StatusCode != 200 || p.body != want {
		t.Errorf("%d %s, want %s", p.StatusCode, p.body, want)
	}
	w.browser().api("GET", aloneAPI+"account", "").wants(t, 401, "login_required")
	if at := w.browser().get(alone + "/account"); at.url.Path != "/.gatehouse/login" {
		t.Errorf("without a session redirected to %s", at.url)
	}
}

// Users change their name and their sign-up fields, and nothing else.
func TestProfileChangesOnlyNameAndOwnFields(t *testing.T) {
	w, _ := newAccounts(t, withCompany)
	b, u := w.member("ann")
	if _, err := w.p.Accounts().Set(t.Context(), accounts.Actor{}, u.ID, accounts.UserChange{Attributes: map[string]any{"plan": "gold"}}); err != nil {
		t.Fatal(err)
	}
	b.api("PATCH", aloneAPI+"account", `{"name":" Ann Lee ","company":"ACME","phone":"1"}`).wants(t, 200, `"attributes":{"company":"ACME","phone":"1","plan":"gold"}`)
	b.api("PATCH", aloneAPI+"account", `{"phone":""}`).wants(t, 200, `"attributes":{"company":"ACME","plan":"gold"}`)
	for _, body := range []string{
		`{"email":"eve@example.com"}`, `{"username":"root"}`, `{"roles":["admin"]}`, `{"enabled":true}`, `{"plan":"platinum"}`, `{"confirmed":true}`,
		`{"attributes":{"plan":"x"}}`, `{"company":""}`, `{"company":1}`, `{"name":"a\u0000b"}`, `{"version":9}`, `{"id":"x"}`,
	} {
		b.api("PATCH", aloneAPI+"account", body).wants(t, 422, `"code":"invalid_field"`)
	}
	got := w.account("ann")
	if got.Name != "Ann Lee" || got.Attributes["plan"] != "gold" || got.Attributes["company"] != "ACME" || got.Email != "ann@example.com" || len(got.Roles) != 0 {
		t.Errorf("%+v", got)
	}
	wantEvents(t, w, audit.EventProfileChange, "ok name attributes", "ok attributes")
}

func TestTheAccountPageWorksWithoutJavaScript(t *testing.T) {
	w, _ := newAccounts(t, withCompany)
	b, _ := w.member("ann")
	b.get(alone+"/account").wants(t, 200, "ann@example.com")
	p := b.post(alone+"/account", values("name", "Ann Lee", "company", "ACME", "phone", ""))
	p.wants(t, 200, "done_profile")
	if p.url.RawQuery != "done=profile" {
		t.Errorf("a reload would send the form again: %s", p.url)
	}
	b.post(alone+"/account", values("name", "Ann Lee", "company", "")).wants(t, 422, "problem_invalid_field")
	if got := b.get(alone + "/account?done=%3Cscript%3E"); strings.Contains(got.body, "script") {
		t.Error("the page repeats its address")
	}
}

// Two tabs change different fields; both changes must be kept.
func TestConcurrentProfileChangesAreKept(t *testing.T) {
	w, _ := newAccounts(t, withCompany)
	_, u := w.member("ann")
	var wg sync.WaitGroup
	for i := range 4 {
		b := w.browser()
		b.enter("ann", "right")
		name := []string{"company", "phone", "name", ""}[i]
		wg.Go(func() {
			if name == "" {
				if _, err := w.p.Accounts().Set(t.Context(), accounts.Actor{}, u.ID, accounts.UserChange{AddRoles: []string{"editor"}}); err != nil {
					t.Error(err)
				}
				return
			}
			b.patient("PATCH", aloneAPI+"account", `{"`+name+`":"new"}`).wants(t, 200, "")
		})
	}
	wg.Wait()
	got := w.account("ann")
	if got.Name != "new" || got.Attributes["company"] != "new" || got.Attributes["phone"] != "new" || len(got.Roles) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestAnotherSiteCannotChangeAnAccount(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.member("ann")
	for _, path := range []string{"/account", "/account/password", "/account/sessions", "/account/tokens", "/account/tokens/delete", "/signup", "/setup"} {
		r := b.form(alone+path, values("name", "eve"))
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		b.onceDo(r).wants(t, 403, "cross_origin")
	}
}
