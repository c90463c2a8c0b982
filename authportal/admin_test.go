package authportal

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

const adminAPI = aloneAPI + "admin/users"

// holds assigns roles to an account.
func (w *world) holds(u store.User, roles ...string) {
	w.t.Helper()
	if _, err := w.p.Accounts().Set(w.t.Context(), accounts.Actor{}, u.ID,
		accounts.UserChange{Roles: &roles}); err != nil {
		w.t.Fatal(err)
	}
}

// administrator returns a browser with a recent login of an account that holds the role admin.
func (w *world) administrator(name string) (*browser, store.User) {
	w.t.Helper()
	b, u := w.member(name)
	w.holds(u, "admin")
	return b, u
}

// token makes an API token of the browser's account.
func (b *browser) token(body string) string {
	b.w.t.Helper()
	token, _ := b.api("POST", aloneAPI+"tokens", body).json(b.w.t)["token"].(string)
	return token
}

func (w *world) withToken(token, method, address, body string) page {
	w.t.Helper()
	b := w.browser()
	r := b.apiRequest(method, address, body)
	r.Header.Set("Authorization", "Bearer "+token)
	return b.onceDo(r)
}

// adminCalls is every call of the administrators' API on the account {id}, with its answer to each kind of caller.
var adminCalls = []struct {
	method, path, body     string
	ok, stale, token       int // an administrator with a recent login; one without; an API token of theirs
	staleCode, tokenRefuse string
}{
	{"GET", "", "", 200, 200, 200, "", ""},
	{"GET", "/{id}", "", 200, 200, 200, "", ""},
	{"PATCH", "/{id}", `{"name":"New"}`, 200, 200, 200, "", ""},
	{"PATCH", "/{id}", `{"enabled":true}`, 200, 200, 200, "", ""},
	{"PATCH", "/{id}", `{"roles":["writer"]}`, 200, 403, 200, "fresh_login_required", ""},
	{"PATCH", "/{id}", `{"email":"new@example.com"}`, 200, 403, 200, "fresh_login_required", ""},
	{"PATCH", "/{id}", `{"username":"other"}`, 200, 403, 200, "fresh_login_required", ""},
	{"PATCH", "/{id}", `{"confirmed":true}`, 200, 403, 200, "fresh_login_required", ""},
	{"PATCH", "/{id}", `{"password":"a new password"}`, 200, 403, 403, "fresh_login_required", "forbidden"},
	{"POST", "", `{"email":"%s@example.com"}`, 201, 403, 201, "fresh_login_required", ""},
	{"POST", "", `{"email":"%s@example.com","password":"a new password"}`, 201, 403, 403, "fresh_login_required",
		"forbidden"},
	{"PATCH", "/{id}", `{"password_change_required":true}`, 200, 403, 200, "fresh_login_required", ""},
	{"POST", "", `{"email":"%s@example.com","invite":true}`, 201, 403, 201, "fresh_login_required", ""},
	{"POST", "/bulk", `{"ids":["{id}"],"action":"disable"}`, 200, 403, 200, "fresh_login_required", ""},
	{"POST", "/{id}/invite", "", 202, 403, 202, "fresh_login_required", ""},
	{"POST", "/{id}/ticket", "", 201, 403, 201, "fresh_login_required", ""},
	{"DELETE", "/{id}/sessions", "", 200, 200, 200, "", ""},
	{"DELETE", "/{id}/factors", "", 204, 403, 204, "fresh_login_required", ""},
	{"DELETE", "/{id}", "", 204, 403, 204, "fresh_login_required", ""},
}

func TestEveryCallOfAdministratorsForEveryCaller(t *testing.T) {
	w, _ := mailWorld(t)
	admin, _ := w.administrator("root")
	stale, _ := w.member("late")
	w.pass(web.FreshFor)
	admin.enter("root", "right")
	w.holds(w.account("late"), "admin")
	member, mu := w.member("member")
	w.holds(mu, "editor", "Admin", "administrator")
	all, none := admin.token(`{"name":"x"}`), admin.token(`{"name":"x","roles":["editor"]}`)
	of := member.token(`{"name":"x"}`)

	described := map[string]bool{}
	n := 0
	for _, c := range adminCalls {
		described[c.method+" /api/v1/admin/users"+c.path] = true
		do := func(who func(method, address, body string) page, status int, code string) {
			t.Helper()
			n++
			name := fmt.Sprintf("target%d", n)
			u := w.user(name)
			if strings.HasSuffix(c.path, "/invite") {
				if err := w.users.DeleteCredential(t.Context(), store.KindPassword, u.ID); err != nil {
					t.Fatal(err)
				}
			}
			body := strings.ReplaceAll(c.body, "new@example.com", "new-"+name+"@example.com")
			body = strings.ReplaceAll(strings.ReplaceAll(body, `"other"`, `"other-`+name+`"`), "%s", "made-"+name)
			body = strings.ReplaceAll(body, "{id}", u.ID)
			before := w.count()
			p := who(c.method, adminAPI+strings.ReplaceAll(c.path, "{id}", u.ID), body)
			if p.StatusCode != status || p.code() != code {
				t.Errorf("%s %s %s: %d %s, want %d %s", c.method, c.path, c.body, p.StatusCode, p.body, status, code)
			}
			if status < 400 {
				return
			}
			now, err := w.users.User(t.Context(), u.ID)
			if err != nil || now.Version != u.Version || w.count() != before {
				t.Errorf("%s %s was refused and done", c.method, c.path)
			}
		}
		token := func(token string) func(method, address, body string) page {
			return func(method, address, body string) page { return w.withToken(token, method, address, body) }
		}
		do(admin.api, c.ok, "")
		do(stale.api, c.stale, c.staleCode)
		do(token(all), c.token, c.tokenRefuse)
		do(token(none), 403, "forbidden")
		do(token(of), 403, "forbidden")
		do(member.api, 403, "forbidden")
		do(w.browser().api, 401, "login_required")
		do(token("ghk_nonsense"), 401, "invalid_token")
		foreign := func(method, address, body string) page {
			r := admin.apiRequest(method, address, body)
			r.Header.Set("Origin", "https://evil.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			return admin.onceDo(r)
		}
		do(foreign, 403, "cross_origin")
	}
	for _, r := range w.p.Admin.Routes() {
		if !strings.HasPrefix(r.Path, apiPrefix+"/admin/users") || strings.HasSuffix(r.Path, "/import") ||
			strings.HasSuffix(r.Path, "/export") {
			continue // tested apart
		}
		if !described[r.Method+" "+r.Path] {
			t.Errorf("%s %s is not tested", r.Method, r.Path)
		}
	}
}

func TestTheRoleAdminIsReadLiveAndThroughIncludes(t *testing.T) {
	w, _ := newAccounts(t, func(c *Config) {
		c.ExpandRoles = func(held []string) []string {
			if slices.Contains(held, "owner") {
				held = append(slices.Clone(held), "admin")
			}
			return held
		}
	})
	_, root := w.administrator("root")
	b, u := w.member("ann")
	w.holds(u, "owner")
	b.api("GET", adminAPI, "").wants(t, 200, root.ID)
	token := b.token(`{"name":"x"}`)
	w.withToken(token, "GET", adminAPI, "").wants(t, 200, root.ID)
	w.holds(u)
	b.api("GET", adminAPI, "").wants(t, 403, "forbidden")
	w.withToken(token, "GET", adminAPI, "").wants(t, 403, "forbidden")
}

func TestAdministratorsListSearchAndSort(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.administrator("root")
	for i, name := range []string{"carl", "ann", "ben"} {
		w.pass(time.Second)
		u := w.user(name)
		if i == 1 {
			if _, err := w.p.Accounts().Disable(t.Context(), accounts.Actor{}, u.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	names := func(query string) (list []string, answer map[string]any) {
		t.Helper()
		p := b.api("GET", adminAPI+query, "")
		p.wants(t, 200, `"users":[`)
		answer = p.json(t)
		for _, u := range answer["users"].([]any) {
			list = append(list, u.(map[string]any)["username"].(string))
		}
		return list, answer
	}
	for query, want := range map[string]string{
		"": "root carl ann ben", "?sort=-created": "ben ann carl root", "?sort=username": "ann ben carl root",
		"?sort=-email":   "root carl ben ann",
		"?query=NN@exam": "ann", "?query=nobody": "", "?enabled=false": "ann",
		"?enabled=true&sort=username": "ben carl root", "?approved=false": "",
		"?role=admin": "root", "?sort=-last_sign_in&limit=1": "root", "?query=.com&sort=name&role=admin": "root",
	} {
		if got, _ := names(query); strings.Join(got, " ") != want {
			t.Errorf("%q lists %q, want %q", query, got, want)
		}
	}
	got, answer := names("?sort=username&limit=3")
	next, _ := answer["next"].(string)
	if strings.Join(got, " ") != "ann ben carl" || answer["total"] != 4.0 || next == "" {
		t.Fatalf("%q %v", got, answer)
	}
	if got, answer = names("?sort=username&limit=3&after=" + values("x", next).Encode()[2:]); strings.Join(got,
		" ") != "root" || answer["next"] != nil {
		t.Errorf("%q %v", got, answer)
	}
	for query, field := range map[string]string{"sort=password": "sort", "limit=0": "limit", "limit=x": "limit",
		"limit=1001": "limit", "enabled=1": "enabled",
		"after=nobody": "after"} {
		b.api("GET", adminAPI+"?"+query, "").wants(t, 422, `"field":"`+field+`"`)
	}
}

func TestAdministratorsMakeAndChangeAccounts(t *testing.T) {
	w, _ := newAccounts(t)
	b, root := w.administrator("root")
	p := b.api("POST", adminAPI, `{"email":"Ann@Example.com","name":"Ann","roles":["writer"],"attributes":{"seats":3,"beta":true},"approved":false,"password":"correct horse"}`)
	p.wants(t, 201, `"approved":false,"attributes":{"beta":true,"seats":3},"confirmed":true`)
	id, _ := p.json(t)["id"].(string)
	if e := w.eventsOf(audit.EventUserCreate); len(e) != 1 || e[0].Actor != root.ID || e[0].UserID != id ||
		e[0].Address != "192.0.2.1" {
		t.Errorf("%+v", e)
	}
	ann := w.browser()
	ann.api("POST", aloneAPI+"login", `{"login":"ann@example.com","password":"correct horse"}`).wants(t, 403,
		"approval_pending")
	b.api("PATCH", adminAPI+"/"+id, `{"approved":true}`).wants(t, 200, `"approved":true`)
	ann.enter("ann@example.com", "correct horse")
	b.api("PATCH", adminAPI+"/"+id, `{"roles":["editor"],"attributes":{"seats":null},"confirmed":false}`).wants(t, 200,
		`"attributes":{"beta":true},"confirmed":false`)
	ann.api("GET", aloneAPI+"session", "").wants(t, 200, `"roles":["editor"]`)
	b.api("DELETE", adminAPI+"/"+id+"/sessions", "").wants(t, 200, `{"ended":1}`)
	ann.api("GET", aloneAPI+"session", "").wants(t, 401, "login_required")

	ann.enter("ann@example.com", "correct horse")
	b.api("DELETE", adminAPI+"/"+id+"/factors", "").wants(t, 204, "")
	if left, err := w.users.CredentialsOf(t.Context(), id, ""); err != nil || len(left) != 1 ||
		left[0].Kind != store.KindPassword {
		t.Errorf("%v, %v", left, err)
	}
	b.api("PATCH", adminAPI+"/"+id, `{"approved":false}`).wants(t, 200, "")
	ann.api("GET", aloneAPI+"session", "").wants(t, 401, "login_required")
	b.api("DELETE", adminAPI+"/"+id, "").wants(t, 204, "")
	for _, c := range adminCalls {
		if strings.Contains(c.path, "{id}") && c.path != "/bulk" {
			b.api(c.method, adminAPI+strings.ReplaceAll(c.path, "{id}", id), c.body).wants(t, http.StatusNotFound,
				"not_found")
			b.api(c.method, adminAPI+strings.ReplaceAll(c.path, "{id}", "root"), c.body).wants(t, http.StatusNotFound,
				"not_found")
		}
	}
	b.api("PATCH", adminAPI+"/"+root.ID, `{"roles":[]}`).wants(t, 409, "last_administrator")
	b.api("PATCH", adminAPI+"/"+root.ID, `{"enabled":false}`).wants(t, 409, "last_administrator")
	b.api("DELETE", adminAPI+"/"+root.ID, "").wants(t, 409, "last_administrator")
}

func TestWhatAnAdministratorCannotSet(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.administrator("root")
	ann := w.user("ann")
	for body, want := range map[string]string{
		`{"id":"x"}`: "id", `{"version":7}`: "version", `{"created":"2020-01-01T00:00:00Z"}`: "created", `{"Roles":["x"]}`: "Roles",
		`{"roles":"admin"}`: "roles", `{"enabled":"yes"}`: "enabled", `{"attributes":{"a":{"b":1}}}`: "a",
		`{"attributes":[]}`: "attributes", `{"email":"nobody"}`: "email", `{"name":"a\nb"}`: "name", `{"username":"root@example.com"}`: "username",
	} {
		b.api("PATCH", adminAPI+"/"+ann.ID, body).wants(t, 422, `"field":"`+want+`"`)
	}
	b.api("PATCH", adminAPI+"/"+ann.ID, `{"email":"root@example.com"}`).wants(t, 409, "user_exists")
	b.api("PATCH", adminAPI+"/"+ann.ID, `{"password":"short"}`).wants(t, 422, "password_not_acceptable")
	b.api("POST", adminAPI, `{"name":"x"}`).wants(t, 422, `"field":"email"`)
	b.api("POST", adminAPI, `{"email":"ann@example.com"}`).wants(t, 409, "user_exists")
	if now := w.account("ann"); now.Version != ann.Version {
		t.Errorf("changed to %+v", now)
	}
}
