package authportal

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// toldAct is one act at an address, and what the audit trail must record of it.
type toldAct struct {
	route string // method and path, as in the table of routes
	told  string // kind and result
	by    byWhom
	do    func(a *actors)
}

type byWhom int

const (
	owner    byWhom = iota // the event names the account that it concerns, and no other
	root                   // and the administrator who did it
	stranger               // there is no account yet, or its existence must not be revealed
)

// actors perform the acts.
type actors struct {
	t      *testing.T
	w      *world
	box    *postbox
	root   *browser
	rootID string
	n      int
}

// somebody returns a new user who is signed in.
func (a *actors) somebody() (*browser, store.User) {
	a.n++
	return a.w.member(fmt.Sprintf("person%d", a.n))
}

func (a *actors) api(b *browser, status int, method, path, body string) page {
	a.t.Helper()
	p := b.api(method, aloneAPI+path, body)
	p.wants(a.t, status, "")
	return p
}

// letterOf returns the token of the queued message of that kind.
func (a *actors) letterOf(kind string) string {
	a.t.Helper()
	for _, l := range a.box.letters(a.w) {
		if l.Kind == kind {
			return l.token(a.t)
		}
	}
	a.t.Fatalf("no letter %q", kind)
	return ""
}

func (a *actors) newcomer() (email, token string) {
	a.n++
	email = fmt.Sprintf("new%d@example.com", a.n)
	a.api(a.w.browser(), 201, "POST", "signup", jsonOf(map[string]string{"email": email, "password": "correct horse"}))
	return email, a.letterOf("confirm")
}

func (a *actors) resetOf(u store.User) string {
	a.box.take()
	a.api(a.w.browser(), 202, "POST", "password/forgot", jsonOf(map[string]string{"email": u.Email}))
	return a.letterOf("reset")
}

// toldActs lists every route that changes something, with its event. Only the routes in silent are missing.
var toldActs = []toldAct{
	{"POST /login", "sign_in ok", owner, func(a *actors) {
		u := a.w.user("by-form")
		b := a.w.browser()
		b.signIn(b.get(alone+"/login"), u.Username, "right")
	}},
	{"POST /api/v1/login", "sign_in ok", owner, func(a *actors) { a.somebody() }},
	{"POST /api/v1/login", "sign_in refused", owner, func(a *actors) {
		u := a.w.user("mistyped")
		a.api(a.w.browser(), 401, "POST", "login", jsonOf(map[string]string{"login": u.Username, "password": "wrong"}))
	}},
	{"POST /api/v1/login", "sign_in refused", owner, func(a *actors) {
		u := a.w.user("guessed")
		for range 11 {
			a.w.browser().api("POST", aloneAPI+"login",
				jsonOf(map[string]string{"login": u.Username, "password": "wrong"}))
		}
		if list := a.w.eventsOf(audit.EventSignIn); list[len(list)-1].Reason != problem.CodeTooMany {
			a.t.Errorf("the eleventh guess is told as %q", list[len(list)-1].Reason)
		}
	}},
	{"POST /logout", "sign_out ok", owner, func(a *actors) {
		b, _ := a.somebody()
		b.post(alone+"/logout", values("everywhere", "1"))
	}},
	{"POST /api/v1/logout", "sign_out ok", owner,
		func(a *actors) { b, _ := a.somebody(); a.api(b, 204, "POST", "logout", "{}") }},
	{"POST /signup", "sign_up ok", owner, func(a *actors) {
		a.w.browser().post(alone+"/signup", values("email", "form@example.com", "password", "correct horse", "name",
			"")).wants(a.t, 200, "confirm_email")
	}},
	{"POST /api/v1/signup", "sign_up ok", owner, func(a *actors) { a.newcomer() }},
	{"POST /api/v1/signup", "sign_up refused", stranger, func(a *actors) {
		u := a.w.user("taken")
		a.api(a.w.browser(), 201, "POST", "signup",
			jsonOf(map[string]string{"email": u.Email, "password": "correct horse"}))
	}},
	{"POST /confirm", "email_confirm ok", owner, func(a *actors) {
		_, token := a.newcomer()
		a.w.browser().post(alone+"/confirm", values("token", token)).wants(a.t, 200, "")
	}},
	{"POST /api/v1/email/confirm", "email_confirm ok", owner, func(a *actors) {
		_, token := a.newcomer()
		a.api(a.w.browser(), 200, "POST", "email/confirm", jsonOf(map[string]string{"token": token}))
	}},
	{"POST /api/v1/email/confirm", "email_confirm refused", stranger, func(a *actors) {
		a.api(a.w.browser(), 400, "POST", "email/confirm", `{"token":"made up"}`)
	}},
	{"POST /confirm/resend", "letter ok", stranger, func(a *actors) {
		a.w.browser().post(alone+"/confirm/resend", values("email", "again@example.com")).wants(a.t, 200, "")
	}},
	{"POST /api/v1/email/resend", "letter ok", stranger, func(a *actors) {
		a.api(a.w.browser(), 202, "POST", "email/resend", `{"email":"again@example.com"}`)
	}},
	{"POST /forgot", "letter ok", stranger, func(a *actors) {
		a.w.browser().post(alone+"/forgot", values("email", "lost@example.com")).wants(a.t, 200, "")
	}},
	{"POST /api/v1/password/forgot", "letter ok", stranger, func(a *actors) {
		a.api(a.w.browser(), 202, "POST", "password/forgot", `{"email":"lost@example.com"}`)
	}},
	{"POST /api/v1/password/forgot", "letter refused", stranger, func(a *actors) {
		for range 11 {
			a.api(a.w.browser(), 202, "POST", "password/forgot", `{"email":"flooded@example.com"}`)
		}
	}},
	{"POST /reset", "password_change ok", owner, func(a *actors) {
		_, u := a.somebody()
		a.w.browser().post(alone+"/reset", values("token", a.resetOf(u), "password", "a new password")).wants(a.t, 200,
			"")
	}},
	{"POST /api/v1/password/reset", "password_change ok", owner, func(a *actors) {
		_, u := a.somebody()
		a.api(a.w.browser(), 200, "POST", "password/reset", resetWith(a.resetOf(u), "a new password"))
	}},
	{"POST /api/v1/password/reset", "password_change refused", stranger, func(a *actors) {
		a.api(a.w.browser(), 400, "POST", "password/reset", resetWith("made up", "a new password"))
	}},
	{"POST /account", "profile_change ok", owner, func(a *actors) {
		b, _ := a.somebody()
		b.post(alone+"/account", values("name", "New Name")).wants(a.t, 200, "")
	}},
	{"PATCH /api/v1/account", "profile_change ok", owner, func(a *actors) {
		b, _ := a.somebody()
		a.api(b, 200, "PATCH", "account", `{"name":"New Name"}`)
	}},
	{"GET /api/v1/account/export", "account_export ok", owner,
		func(a *actors) { b, _ := a.somebody(); a.api(b, 200, "GET", "account/export", "") }},
	{"POST /account/delete", "user_delete ok", owner, func(a *actors) {
		b, _ := a.somebody()
		b.post(alone+"/account/delete", values("sure", "1")).wants(a.t, 200, "")
	}},
	{"DELETE /api/v1/account", "user_delete ok", owner,
		func(a *actors) { b, _ := a.somebody(); a.api(b, 204, "DELETE", "account", "") }},
	{"POST /account/password", "password_change ok", owner, func(a *actors) {
		b, _ := a.somebody()
		b.post(alone+"/account/password", values("current", "right", "password", "a new password")).wants(a.t, 200, "")
	}},
	{"POST /api/v1/password/change", "password_change ok", owner, func(a *actors) {
		b, _ := a.somebody()
		a.api(b, 200, "POST", "password/change", `{"current":"right","password":"a new password"}`)
	}},
	{"POST /api/v1/password/change", "password_change refused", owner, func(a *actors) {
		b, _ := a.somebody()
		a.api(b, 401, "POST", "password/change", `{"current":"wrong","password":"a new password"}`)
	}},
	{"POST /account/sessions", "session_end ok", owner, func(a *actors) {
		b, u := a.somebody()
		a.w.browser().enter(u.Username, "right")
		b.post(alone+"/account/sessions", values("others", "1")).wants(a.t, 200, "")
	}},
	{"DELETE /api/v1/sessions", "session_end ok", owner, func(a *actors) {
		b, u := a.somebody()
		a.w.browser().enter(u.Username, "right")
		a.api(b, 204, "DELETE", "sessions", "")
	}},
	{"DELETE /api/v1/sessions/{id}", "session_end ok", owner, func(a *actors) {
		b, _ := a.somebody()
		id := a.api(b, 200, "GET", "session", "").json(a.t)["session"].(map[string]any)["id"].(string)
		a.api(b, 204, "DELETE", "sessions/"+id, "")
	}},
	{"POST /account/tokens", "token_create ok", owner, func(a *actors) {
		b, _ := a.somebody()
		b.post(alone+"/account/tokens", values("name", "script", "expires", "")).wants(a.t, 200, "")
	}},
	{"POST /api/v1/tokens", "token_create ok", owner,
		func(a *actors) { b, _ := a.somebody(); a.api(b, 201, "POST", "tokens", `{"name":"script"}`) }},
	{"POST /api/v1/tokens", "token_create refused", owner, func(a *actors) {
		b, _ := a.somebody()
		a.api(b, 422, "POST", "tokens", `{"name":"script","roles":["admin"]}`)
	}},
	{"POST /account/tokens/delete", "token_delete ok", owner, func(a *actors) {
		b, _ := a.somebody()
		id := a.api(b, 201, "POST", "tokens", `{"name":"script"}`).json(a.t)["id"].(string)
		b.post(alone+"/account/tokens/delete", values("id", id)).wants(a.t, 200, "")
	}},
	{"DELETE /api/v1/tokens/{id}", "token_delete ok", owner, func(a *actors) {
		b, _ := a.somebody()
		id := a.api(b, 201, "POST", "tokens", `{"name":"script"}`).json(a.t)["id"].(string)
		a.api(b, 204, "DELETE", "tokens/"+id, "")
	}},
	{"POST /api/v1/admin/users", "user_create ok", root,
		func(a *actors) { a.api(a.root, 201, "POST", "admin/users", `{"email":"made@example.com"}`) }},
	{"POST /api/v1/admin/users", "user_create refused", root, func(a *actors) {
		a.w.user("there")
		a.api(a.root, 409, "POST", "admin/users", `{"email":"there@example.com"}`)
	}},
	{"PATCH /api/v1/admin/users/{id}", "user_change ok", root, func(a *actors) {
		a.api(a.root, 200, "PATCH", "admin/users/"+a.w.user("changed").ID, `{"name":"New"}`)
	}},
	{"PATCH /api/v1/admin/users/{id}", "password_change ok", root, func(a *actors) {
		a.api(a.root, 200, "PATCH", "admin/users/"+a.w.user("given").ID, `{"password":"a new password"}`)
	}},
	{"PATCH /api/v1/admin/users/{id}", "user_change refused", root, func(a *actors) {
		a.api(a.root, 409, "PATCH", "admin/users/"+a.rootID, `{"enabled":false}`)
	}},
	{"DELETE /api/v1/admin/users/{id}", "user_delete ok", root, func(a *actors) {
		a.api(a.root, 204, "DELETE", "admin/users/"+a.w.user("removed").ID, "")
	}},
	{"DELETE /api/v1/admin/users/{id}", "user_delete refused", root,
		func(a *actors) { a.api(a.root, 409, "DELETE", "admin/users/"+a.rootID, "") }},
	{"DELETE /api/v1/admin/users/{id}/sessions", "session_end ok", root, func(a *actors) {
		_, u := a.somebody()
		a.api(a.root, 200, "DELETE", "admin/users/"+u.ID+"/sessions", "")
	}},
	{"DELETE /api/v1/admin/users/{id}/factors", "user_change ok", root, func(a *actors) {
		a.api(a.root, 204, "DELETE", "admin/users/"+a.w.user("cleared").ID+"/factors", "")
	}},
	{"POST /admin/users", "user_create ok", root, func(a *actors) {
		a.root.post(alone+"/admin/users", values("email", "made-by-form@example.com", "name", "", "roles",
			"")).wants(a.t, 200, "")
	}},
	{"POST /admin/users/{id}", "user_change ok", root, func(a *actors) {
		a.root.post(alone+"/admin/users/"+a.w.user("edited").ID, values("name", "New")).wants(a.t, 200, "")
	}},
	{"POST /admin/users/{id}/act", "user_change ok", root, func(a *actors) {
		a.root.post(alone+"/admin/users/"+a.w.user("shut").ID+"/act", values("do", "disable")).wants(a.t, 200, "")
	}},
	{"POST /api/v1/admin/users/bulk", "user_change ok", root, func(a *actors) {
		a.api(a.root, 200, "POST", "admin/users/bulk", bulkBody("disable", "", a.w.user("bulk").ID))
	}},
	{"POST /admin/users/bulk", "user_change ok", root, func(a *actors) {
		a.root.post(alone+"/admin/users/bulk",
			values("action", "disable", "ids", a.w.user("bulk-form").ID, "sure", "1")).wants(a.t, 200, `"Done":true`)
	}},
	{"POST /api/v1/admin/users/{id}/invite", "user_change ok", root, func(a *actors) {
		id := a.api(a.root, 201, "POST", "admin/users", `{"email":"guest@example.com"}`).json(a.t)["id"].(string)
		a.api(a.root, 202, "POST", "admin/users/"+id+"/invite", "{}")
	}},
	{"POST /api/v1/admin/users/{id}/ticket", "ticket_create ok", root,
		func(a *actors) { a.root.ticket(a.w.user("locked-out")) }},
	{"POST /ticket", "ticket_use ok", root, func(a *actors) {
		token := tokenOf(a.t, a.root.ticket(a.w.user("let-in")))
		a.w.browser().post(alone+"/ticket", values("token", token)).wants(a.t, 200, "")
	}},
	{"POST /api/v1/login/ticket", "ticket_use ok", root, func(a *actors) {
		token := tokenOf(a.t, a.root.ticket(a.w.user("let-in-by-api")))
		a.api(a.w.browser(), 200, "POST", "login/ticket", tokenBody(token))
	}},
	{"POST /api/v1/admin/users/import", "users_imported ok", root, func(a *actors) {
		r := a.root.apiRequest("POST", adminAPI+"/import", "email\nfrom-file@example.com\n")
		r.Header.Set("Content-Type", "text/csv")
		a.root.do(r).wants(a.t, 200, `"made":1`)
	}},
	{"POST /admin/import", "users_imported ok", root, func(a *actors) {
		const file = "email\nfrom-form@example.com\n"
		sum := fmt.Sprintf("%x", sha256.Sum256([]byte(file)))
		a.root.sendForm("people.csv", file, "do", "import", "sum", sum).wants(a.t, 200, `"Made":1`)
	}},
	{"GET /api/v1/admin/users/export", "users_exported ok", root,
		func(a *actors) { a.api(a.root, 200, "GET", "admin/users/export", "") }},
	{"POST /api/v1/admin/columns", "column_added ok", root, func(a *actors) {
		a.api(a.root, 201, "POST", "admin/columns", `{"key":"plan","type":"text"}`)
	}},
	{"PATCH /api/v1/admin/columns/{id}", "column_changed ok", root, func(a *actors) {
		a.api(a.root, 200, "PATCH", "admin/columns/plan", `{"label":"Plan"}`)
	}},
	{"DELETE /api/v1/admin/columns/{id}", "column_removed ok", root,
		func(a *actors) { a.api(a.root, 204, "DELETE", "admin/columns/plan", "") }},
	{"POST /admin/columns", "column_added ok", root, func(a *actors) {
		a.root.post(alone+"/admin/columns", values("key", "seats", "type", "number")).wants(a.t, 200, "")
	}},
	{"POST /admin/columns/{id}", "column_changed ok", root, func(a *actors) {
		a.root.post(alone+"/admin/columns/seats",
			values("key", "seats", "label", "Seats", "choices", "", "position", "1")).wants(a.t, 200, "")
	}},
	{"POST /admin/columns/{id}/remove", "column_removed ok", root, func(a *actors) {
		a.root.post(alone+"/admin/columns/seats/remove", values("sure", "1")).wants(a.t, 200, "")
	}},
	{"POST /link", "letter ok", stranger, func(a *actors) {
		a.w.browser().post(alone+"/link", values("email", "by-mail@example.com")).wants(a.t, 200, "")
	}},
	{"POST /api/v1/login/link", "letter ok", stranger, func(a *actors) {
		a.api(a.w.browser(), 202, "POST", "login/link", `{"email":"by-mail@example.com"}`)
	}},
	{"POST /api/v1/login/link/finish", "sign_in ok", owner, func(a *actors) {
		b := a.w.browser()
		a.box.take()
		b.finishes("code", b.asksForLink(a.box, a.w.user("by-code").Email).Code).wants(a.t, 200, "signed_in")
	}},
	{"POST /link/finish", "sign_in ok", owner, func(a *actors) {
		b := a.w.browser()
		a.box.take()
		b.post(alone+"/link/finish", values("token",
			b.asksForLink(a.box, a.w.user("by-link").Email).token(a.t))).wants(a.t, 200, "")
	}},
	{"PATCH /api/v1/account", "email_ask ok", owner,
		func(a *actors) { b, u := a.somebody(); b.asks(a.box, "new-"+u.Email) }},
	{"POST /account/email", "email_ask ok", owner, func(a *actors) {
		b, u := a.somebody()
		b.post(alone+"/account/email", values("email", "new-"+u.Email)).wants(a.t, 200, "")
	}},
	{"POST /email", "email_change ok", owner, func(a *actors) {
		b, u := a.somebody()
		token := ofKind(a.t, b.asks(a.box, "new-"+u.Email), "email_change").token(a.t)
		a.w.browser().post(alone+"/email", values("token", token)).wants(a.t, 200, "")
	}},
	{"POST /email/undo", "email_undo ok", owner, func(a *actors) {
		b, u := a.somebody()
		a.w.browser().post(alone+"/email/undo", values("token", b.moves(a.box, "new-"+u.Email))).wants(a.t, 200, "")
	}},
	{"POST /api/v1/email/undo", "email_undo ok", owner, func(a *actors) {
		b, u := a.somebody()
		a.api(a.w.browser(), 200, "POST", "email/undo", tokenBody(b.moves(a.box, "new-"+u.Email)))
	}},
	{"GET /admin/audit/export", "audit_export ok", root,
		func(a *actors) { a.root.get(alone+"/admin/audit/export?as=csv").wants(a.t, 200, "") }},
	{"GET /admin", "access refused", owner, func(a *actors) {
		b, _ := a.somebody()
		b.get(alone+"/admin").wants(a.t, 403, "")
	}},
	{"GET /api/v1/session", "access refused", stranger, func(a *actors) {
		r := a.w.browser()
		req := r.apiRequest("GET", aloneAPI+"session", "")
		req.Header.Set("Authorization", "Bearer ghk_made-up")
		r.do(req).wants(a.t, 401, "invalid_token")
	}},
	{"POST /api/v1/logout", "cross_origin refused", stranger, func(a *actors) {
		r := a.w.browser()
		req := r.apiRequest("POST", aloneAPI+"logout", "{}")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		r.do(req).wants(a.t, 403, "cross_origin")
	}},
}

// silent are routes that change something and are recorded elsewhere, with the reason.
var silent = map[string]string{
	"POST /setup": "there is an administrator in this world: TestTheFirstAdministratorComesThroughTheLink",
}

// A new route needs a row with its event. GET routes change nothing and need none.
func TestEveryActIsToldWithWhoWhomAndFromWhere(t *testing.T) {
	var w *world
	w, box, _ := linkWorld(t, audited(&w), withSignup(settings.SignupSettings{Mode: settings.SignupOpen}),
		func(c *Config) { c.Settings.Address.Count = 10_000 })
	a := &actors{t: t, w: w, box: box}
	b, admin := w.administrator("root")
	a.root, a.rootID = b, admin.ID

	tried := map[string]bool{}
	for _, act := range toldActs {
		tried[act.route] = true
		w.mu.Lock()
		before := len(w.events)
		w.mu.Unlock()
		act.do(a)
		w.mu.Lock()
		fresh := w.events[before:]
		w.mu.Unlock()
		found := false
		for _, e := range fresh {
			if e.Kind+" "+e.Result != act.told {
				continue
			}
			found = true
			lacks := ""
			switch {
			case e.Address != "192.0.2.1" || e.Host != "alone.example.org" || e.Time.IsZero() || len(e.ID) != 26:
				lacks = "from where, or when"
			case act.by == root && e.Actor != a.rootID:
				lacks = "who"
			case act.by != root && e.Actor != "":
				lacks = "nobody, but names an actor"
			case act.by == owner && (e.UserID == "" || e.Username == ""):
				lacks = "whom"
			case e.Kind == audit.EventSignIn && e.Method != "password" && e.Method != "email_link":
				lacks = "the method"
			case e.Result == audit.ResultRefused && e.Reason == "":
				lacks = "why"
			}
			if lacks != "" {
				t.Errorf("%s: the event lacks %s: %+v", act.route, lacks, e)
			}
		}
		if !found {
			t.Errorf("%s: %q is not told, but %+v", act.route, act.told, fresh)
		}
	}

	known := map[string]bool{}
	for _, list := range [][]web.Route{w.p.Web.Routes()} {
		for _, r := range list {
			name := r.Method + " " + r.Path
			known[name] = true
			if r.Method != http.MethodGet && !tried[name] && silent[name] == "" {
				t.Errorf("%s: write into toldActs what the audit trail says of it, or into silent why nothing", name)
			}
		}
	}
	for route := range tried {
		if !known[route] {
			t.Errorf("%s is in toldActs and no route", route)
		}
	}
}

// By a token or a browser: the trail tells them apart.
func TestWhatIsDoneByATokenSaysSo(t *testing.T) {
	w, _ := newAccounts(t)
	root, admin := w.administrator("root")
	p := root.api("POST", aloneAPI+"tokens", `{"name":"script"}`)
	p.wants(t, 201, "ghk_")
	token := p.json(t)["token"].(string)
	ann := w.user("ann")
	b := w.browser()
	r := b.apiRequest("PATCH", adminAPI+"/"+ann.ID, `{"name":"Ann"}`)
	r.Header.Set("Authorization", "Bearer "+token)
	b.do(r).wants(t, 200, "")
	list := w.eventsOf(audit.EventUserChange)
	if e := list[len(list)-1]; e.Method != "api_token" || e.Actor != admin.ID || e.UserID != ann.ID {
		t.Errorf("%+v", e)
	}
}

func TestTheSameRefusalIsToldOnceAMinute(t *testing.T) {
	w, _ := newAccounts(t)
	ann, _ := w.member("ann")
	bob, _ := w.member("bob")
	for range 5 {
		ann.get(alone+"/admin").wants(t, 403, "")
	}
	bob.get(alone+"/admin").wants(t, 403, "")
	if n := len(w.eventsOf(audit.EventAccess)); n != 2 {
		t.Errorf("%d events", n)
	}
	w.pass(61e9)
	ann.get(alone+"/admin").wants(t, 403, "")
	if n := len(w.eventsOf(audit.EventAccess)); n != 3 {
		t.Errorf("%d events a minute later", n)
	}
	var o audit.OnceAMinute
	told := 0
	for i := range 5 * audit.MostRefusals {
		if o.First(w.clock(), fmt.Sprint(i)) {
			told++
		}
	}
	if told != audit.MostRefusals {
		t.Errorf("%d strangers are remembered", told)
	}
}

// The three outputs of an event have the same fields with the same names.
func TestTheLogSaysWhatTheEventSays(t *testing.T) {
	var w *world
	w, _ = newAccounts(t, audited(&w))
	root, _ := w.administrator("root")
	root.api("PATCH", adminAPI+"/"+w.user("ann").ID, `{"name":"Ann"}`).wants(t, 200, "")
	list := w.eventsOf(audit.EventUserChange)
	e := list[len(list)-1]
	line := ""
	for l := range strings.Lines(w.logs.String()) {
		if strings.Contains(l, e.ID) {
			line = l
		}
	}
	if !strings.Contains(line, `"msg":"user_change"`) {
		t.Fatalf("the log says %q", line)
	}
	kept, _ := trailOf(t, root, "?kind=user_change&actor="+e.Actor)
	for _, f := range audit.EventFields(&e) {
		if !strings.Contains(line, `"`+f.Name+`":"`+f.Value+`"`) {
			t.Errorf("%s is missing in %s", f.Name, line)
		}
		if got, _ := kept[0][f.Name].(string); got != f.Value {
			t.Errorf("%s is %q in the trail, %q in the event", f.Name, got, f.Value)
		}
	}
	if kept[0]["id"] != e.ID || len(kept[0]) < 9 {
		t.Errorf("%v", kept[0])
	}
}
