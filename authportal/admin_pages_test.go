package authportal

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

func TestAdministratorsMindAccountsByForms(t *testing.T) {
	w, _ := newAccounts(t)
	b, root := w.administrator("root")
	ann := w.user("ann")
	at := alone + "/admin/users/" + ann.ID
	b.get(alone+"/admin?query=ANN").wants(t, 200, `"Total":1`)
	b.get(alone+"/admin/users?sort=-username").wants(t, 200, ann.ID)
	b.get(at).wants(t, 200, `"RoleNames":""`)
	b.post(at, values("name", "Ann", "email", ann.Email, "username", "ann", "roles", "writer editor")).wants(t, 200,
		"done_saved")
	if u := w.account("ann"); u.Name != "Ann" || strings.Join(u.Roles, " ") != "editor writer" {
		t.Errorf("%+v", u)
	}
	her := w.browser()
	her.enter("ann", "right")
	b.post(at+"/act", values("do", "end_sessions")).wants(t, 200, "done_saved")
	if her.signedInAs() != "" {
		t.Error("the session goes on")
	}
	b.post(at+"/act", values("do", "password", "password", "short")).wants(t, 422, "password_not_acceptable")
	b.post(at+"/act", values("do", "password", "password", "a new password")).wants(t, 200, "done_saved")
	her.enter("ann", "a new password")
	b.post(at+"/act", values("do", "disable")).wants(t, 200, `"Enabled":false`)
	b.post(at+"/act", values("do", "enable")).wants(t, 200, `"Enabled":true`)
	b.post(at+"/act", values("do", "approve")).wants(t, 200, `"Approved":true`)
	b.post(at+"/act", values("do", "promote")).wants(t, 400, "problem_malformed")
	b.post(at+"/act", values("do", "delete")).wants(t, 422, `"field":"sure"`)
	b.post(at+"/act", values("do", "delete", "sure", "1")).wants(t, 200, "done_deleted")
	b.get(at).wants(t, 404, "not_found")
	b.post(alone+"/admin/users", values("email", "bea@example.com", "roles", "writer", "name", "")).wants(t, 200,
		`"RoleNames":"writer"`)
	b.post(alone+"/admin/users", values("email", "bea@example.com")).wants(t, 409, "problem_user_exists")
	b.post(alone+"/admin/users", values("email", "x@example.com", "enabled", "1")).wants(t, 422, "invalid_field")
	b.post(alone+"/admin/users/"+root.ID+"/act", values("do", "disable")).wants(t, 409, "last_administrator")
}

func TestThePagesOfAdministratorsAreForNobodyElse(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.administrator("root")
	member, _ := w.member("member")
	ann := w.user("ann")
	for _, r := range pagesOf(w.p.Admin.Routes()) {
		if strings.HasPrefix(r.Path, "/admin/columns") {
			continue // their forms are tested apart
		}
		address := alone + strings.ReplaceAll(r.Path, "{id}", ann.ID)
		if r.Method == http.MethodGet {
			member.get(address).wants(t, 403, "forbidden")
			if p := w.browser().get(address); p.url.Path != "/.gatehouse/login" {
				t.Errorf("%s leads to %s", r.Path, p.url)
			}
			continue
		}
		f := values("name", "Eve")
		if strings.HasSuffix(r.Path, "/act") {
			f = values("do", "disable")
		}
		member.post(address, f).wants(t, 403, "forbidden")
		if p := w.browser().post(address, f); p.url.Path != "/.gatehouse/login" {
			t.Errorf("%s leads to %s", r.Path, p.url)
		}
	}
	w.pass(web.FreshFor)
	at := alone + "/admin/users/" + ann.ID
	b.post(at, values("name", "New", "roles", "")).wants(t, 200, "done_saved")
	for address, f := range map[string][]string{at: {"roles", "admin"},
		at + "/act": {"do", "password", "password", "a new password"}, alone +
			"/admin/users": {"email", "x@example.com"}} {
		if p := b.post(address, values(f...)); p.url.Path != "/.gatehouse/login" {
			t.Errorf("%s leads to %s", address, p.url)
		}
	}
	if u := w.account("ann"); len(u.Roles) > 0 || !u.Enabled || u.Name != "New" || w.count() != 3 {
		t.Errorf("%+v", u)
	}
}

// pagesOf are the routes of forms and pages.
func pagesOf(groups ...[]web.Route) (list []web.Route) {
	for _, r := range slices.Concat(groups...) {
		if !strings.HasPrefix(r.Path, "/api/") {
			list = append(list, r)
		}
	}
	return list
}
