package authportal

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

func bulkBody(action, role string, ids ...string) string {
	m := map[string]any{"action": action, "ids": ids}
	if role != "" {
		m["role"] = role
	}
	return jsonOf(m)
}

// results returns the outcomes of a bulk act, one word for each account.
func (p page) results(t *testing.T) (words []string) {
	t.Helper()
	p.wants(t, 200, `"results":[`)
	for _, row := range p.json(t)["results"].([]any) {
		r := row.(map[string]any)
		if code, _ := r["code"].(string); code != "" {
			words = append(words, code)
		} else {
			words = append(words, r["result"].(string))
		}
	}
	return words
}

func TestOneActIsDoneToManyAndToldOfEach(t *testing.T) {
	w, box := mailWorld(t)
	admin, root := w.administrator("root")
	her, ann := w.member("ann")
	ben, carl, bare := w.user("ben"), w.user("carl"), w.user("bare")
	if err := w.users.DeleteCredential(t.Context(), store.KindPassword, bare.ID); err != nil {
		t.Fatal(err)
	}
	unknown := strings.Repeat("a", 26)
	do := func(action, role string, want string, ids ...string) {
		t.Helper()
		if got := strings.Join(admin.api("POST", adminAPI+"/bulk", bulkBody(action, role, ids...)).results(t),
			" "); got != want {
			t.Errorf("%s: %s, want %s", action, got, want)
		}
	}
	do("add_role", "editor", "done done not_found not_found", ann.ID, ben.ID, unknown, "ann")
	do("add_role", "editor", "done", ann.ID, ann.ID) // each once
	if u := w.account("ben"); strings.Join(u.Roles, " ") != "editor" {
		t.Errorf("roles %v", u.Roles)
	}
	do("remove_role", "editor", "done done", ben.ID, carl.ID)
	if u := w.account("ben"); len(u.Roles) != 0 {
		t.Errorf("roles %v", u.Roles)
	}
	do("end_sessions", "", "done done", ann.ID, ben.ID)
	if her.signedInAs() != "" {
		t.Error("the session goes on")
	}
	do("disable", "", "done done own_account", ann.ID, ben.ID, root.ID)
	do("enable", "", "done done done", ann.ID, ben.ID, root.ID)
	if !w.account("ann").Enabled || !w.account("root").Enabled {
		t.Error("somebody is disabled")
	}
	do("new_password", "", "done conflict own_account", ann.ID, bare.ID, root.ID)
	her.asked("ann", "right")
	for _, u := range []store.User{ben, carl} {
		if _, err := w.p.Accounts().Set(t.Context(), accounts.Actor{}, u.ID,
			accounts.UserChange{Approved: new(false)}); err != nil {
			t.Fatal(err)
		}
	}
	do("approve", "", "done done", ann.ID, ben.ID)
	do("decline", "", "conflict done own_account", ann.ID, carl.ID, root.ID)
	if got := strings.Join(describe(box.letters(w)),
		", "); got != "approved to ben@example.com, declined to carl@example.com" {
		t.Errorf("letters: %s", got)
	}
	before := len(w.eventsOf(audit.EventUserDelete))
	do("delete", "", "done done not_found own_account", ann.ID, ben.ID, carl.ID, root.ID)
	deleted := w.eventsOf(audit.EventUserDelete)[before:]
	if len(deleted) != 2 || deleted[0].UserID != ann.ID || deleted[1].UserID != ben.ID || deleted[0].Actor != root.ID {
		t.Errorf("%+v", deleted)
	}
}

func TestWhatCannotBeDoneToMany(t *testing.T) {
	w, _ := newAccounts(t)
	admin, _ := w.administrator("root")
	ann := w.user("ann")
	many := make([]string, accounts.MaxBulk+1)
	for i := range many {
		many[i] = fmt.Sprintf("id%d", i)
	}
	for body, field := range map[string]string{
		bulkBody("promote", "", ann.ID):                        "action",
		bulkBody("password", "", ann.ID):                       "action",
		bulkBody("", "", ann.ID):                               "action",
		bulkBody("add_role", "", ann.ID):                       "role",
		bulkBody("delete", "editor", ann.ID):                   "role",
		bulkBody("add_role", strings.Repeat("r", 101), ann.ID): "role",
		bulkBody("disable", ""):                                "ids",
		bulkBody("disable", "", many...):                       "ids",
		`{"action":"disable","ids":"x"}`:                       "ids",
		`{"action":"disable","ids":[],"all":1}`:                "all",
	} {
		admin.api("POST", adminAPI+"/bulk", body).wants(t, 422, `"field":"`+field+`"`)
	}
	if u := w.account("ann"); u.Version != ann.Version {
		t.Errorf("%+v", u)
	}
	admin.api("POST", adminAPI+"/bulk", bulkBody("disable", "", many[:accounts.MaxBulk]...)).wants(t, 200,
		`"refused":500`)
}

// The caller holds the role only by another one, so both of the last two administrators are in the list.
func TestOfAllAdministratorsInAListOneStays(t *testing.T) {
	for _, action := range []string{"disable", "delete", "remove_role"} {
		w, _ := newAccounts(t, func(c *Config) {
			c.ExpandRoles = func(held []string) []string {
				if slices.Contains(held, "owner") {
					held = append(slices.Clone(held), "admin")
				}
				return held
			}
		})
		_, u := w.member("owner")
		w.holds(u, "owner")
		var ids []string
		for i := range 6 {
			a := w.user(fmt.Sprint("admin", i))
			w.holds(a, "admin")
			ids = append(ids, a.ID)
		}
		role := ""
		if action == "remove_role" {
			role = "admin"
		}
		var wg sync.WaitGroup
		for _, part := range [][]string{ids, ids[3:], ids[:3], ids} {
			b := w.browser()
			b.enter("owner", "right")
			wg.Go(func() { b.api("POST", adminAPI+"/bulk", bulkBody(action, role, part...)) })
		}
		wg.Wait()
		left, err := w.p.Accounts().List(t.Context(), store.UserQuery{Role: "admin", Enabled: new(true)})
		if err != nil || len(left) != 1 {
			t.Errorf("%s leaves %d administrators, %v", action, len(left), err)
		}
	}
}

func TestOneWhoFailsStopsNoOther(t *testing.T) {
	w, _ := newAccounts(t)
	admin, _ := w.administrator("root")
	ann, ben := w.user("ann"), w.user("ben")
	w.shop.down.Store(false)
	a := w.p.Accounts()
	b, err := accounts.NewBulk(a, "disable", "", []string{ann.ID, ben.ID})
	if err != nil {
		t.Fatal(err)
	}
	w.users.(*flakyUsers).down.Store(true)
	results := accounts.DoBulk(t.Context(), a, w.cfg.Log, accounts.Actor{}, b)
	w.users.(*flakyUsers).down.Store(false)
	for _, r := range results {
		if r.Problem == nil || r.Problem.Code != problem.CodeUnavailable {
			t.Errorf("%+v", r)
		}
	}
	if !w.account("ann").Enabled {
		t.Error("it was done")
	}
	admin.api("POST", adminAPI+"/bulk", bulkBody("disable", "", ann.ID, ben.ID)).wants(t, 200, `"done":2`)
}

func TestThePageAsksBeforeItDoesSomethingToMany(t *testing.T) {
	w, _ := newAccounts(t)
	admin, root := w.administrator("root")
	ann, ben := w.user("ann"), w.user("ben")
	at := alone + "/admin/users/bulk"
	f := values("action", "disable", "role", "", "found", "")
	f["ids"] = []string{ann.ID, ben.ID, strings.Repeat("a", 26)}
	p := admin.post(at, f)
	p.wants(t, 200, `"Action":"disable"`)
	if !strings.Contains(p.body, ann.ID) || !strings.Contains(p.body, ben.ID) || strings.Contains(p.body, "aaaaaaaa") ||
		!w.account("ann").Enabled {
		t.Fatalf("%s", p.body)
	}
	f = values("action", "disable", "sure", "1")
	f["ids"] = []string{ann.ID, ben.ID, root.ID}
	admin.post(at, f).wants(t, 200, `"Refused":1`)
	if w.account("ann").Enabled || w.account("ben").Enabled || !w.account("root").Enabled {
		t.Error("not what was shown")
	}
	// The act affects the accounts that were shown, whatever the search finds later.
	all := values("action", "enable", "all", "1", "found", "?query=example&state=disabled")
	p = admin.post(at, all)
	if p.StatusCode != 200 || !strings.Contains(p.body, ann.ID) || strings.Contains(p.body, root.ID) {
		t.Fatalf("%s", p.body)
	}
	for name, f := range map[string]url.Values{
		"nobody chosen":  values("action", "disable", "role", ""),
		"an unknown act": values("action", "promote", "ids", ann.ID),
		"no role":        values("action", "add_role", "role", "", "ids", ann.ID),
		"another field":  values("action", "disable", "ids", ann.ID, "enabled", "1"),
		"nobody found":   values("action", "disable", "all", "1", "found", "?query=nobody+there"),
	} {
		if p := admin.post(at, f); p.StatusCode != 422 {
			t.Errorf("%s: %d", name, p.StatusCode)
		}
	}
	w.pass(web.FreshFor)
	f = values("action", "delete", "sure", "1", "ids", ann.ID)
	if p := admin.post(at, f); p.url.Path != "/.gatehouse/login" || w.count() != 3 {
		t.Errorf("leads to %s", p.url)
	}
}

func TestStatesOfAccountsAreToldAndSearched(t *testing.T) {
	w, box := mailWorld(t)
	admin, _ := w.administrator("root")
	a := w.p.Accounts()
	set := func(name string, ch accounts.UserChange) {
		t.Helper()
		if _, err := a.Set(t.Context(), accounts.Actor{}, w.user(name).ID, ch); err != nil {
			t.Fatal(err)
		}
	}
	set("off", accounts.UserChange{Enabled: new(false), Approved: new(false)})
	set("waits", accounts.UserChange{Approved: new(false)})
	set("due", accounts.UserChange{MustChangePassword: new(true)})
	set("typed", accounts.UserChange{Confirmed: new(false)})
	admin.api("POST", adminAPI, `{"email":"guest@example.com","invite":true}`).wants(t, 201, `"state":"invited"`)
	for state, name := range map[string]string{accounts.StateDisabled: "off", accounts.StateWaiting: "waits",
		accounts.StateNewPassword: "due", accounts.StateUnconfirmed: "typed",
		accounts.StateInvited: "guest@example.com"} {
		p := admin.api("GET", adminAPI+"?state="+state, "")
		p.wants(t, 200, `"total":1`)
		if !strings.Contains(p.body, `"username":"`+name+`"`) || !strings.Contains(p.body, `"state":"`+state+`"`) {
			t.Errorf("%s: %s", state, p.body)
		}
		admin.get(alone+"/admin/users?state="+state).wants(t, 200, `"Total":1`)
	}
	admin.api("GET", adminAPI+"?state=odd", "").wants(t, 422, `"field":"state"`)
	admin.get(alone+"/admin/users").wants(t, 200, `"Waiting":1`)
	link := box.one(w, "invite", "guest@example.com").Link
	_, token, _ := strings.Cut(link, "invite=")
	w.browser().api("POST", aloneAPI+"signup",
		jsonOf(map[string]string{"invite": token, "password": "correct horse"})).wants(t, 201, "signed_in")
	admin.api("GET", adminAPI+"?query=guest", "").wants(t, 200, `"state":"active"`)
}
