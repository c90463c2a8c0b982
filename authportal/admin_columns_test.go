package authportal

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

const columnsAPI = aloneAPI + "admin/columns"

// columnKeys lists the keys of all columns in their order.
func (w *world) columnKeys() string {
	w.t.Helper()
	columns, err := w.p.Accounts().Columns(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var keys []string
	for _, col := range columns {
		keys = append(keys, col.Key)
	}
	return strings.Join(keys, " ")
}

func (w *world) addColumn(key string, kind accounts.ColumnType, choices ...string) {
	w.t.Helper()
	if _, err := w.p.Accounts().AddColumn(w.t.Context(), accounts.Actor{},
		accounts.Column{Key: key, Label: strings.ToUpper(key), Type: kind, Choices: choices,
			Listed: true}); err != nil {
		w.t.Fatal(err)
	}
}

func withFields(names ...string) worldOption {
	return func(c *Config) {
		for _, name := range names {
			c.Settings.Signup.Fields = append(c.Settings.Signup.Fields, settings.SignupField{Name: name})
		}
	}
}

func TestAdministratorsAddChangeAndRemoveColumns(t *testing.T) {
	w, _ := newAccounts(t, withFields("company", "username"))
	b, root := w.administrator("root")
	b.api("GET", columnsAPI, "").wants(t, 200,
		`{"columns":[{"choices":[],"configured":true,"key":"company","label":"company","listed":true,"type":"text"}]}`)
	b.api("POST", columnsAPI, `{"key":"plan","label":" Plan ","type":"text","choices":["free","gold","free",""]}`).wants(t, 201,
		`{"choices":["free","gold"],"configured":false,"key":"plan","label":"Plan","listed":true,"type":"text"}`)
	b.api("POST", columnsAPI, `{"key":"seats","type":"number","listed":false}`).wants(t, 201,
		`"label":"seats","listed":false,"type":"number"`)
	b.api("POST", columnsAPI, `{"key":"teams","type":"list"}`).wants(t, 201, `"key":"teams"`)
	if got := w.columnKeys(); got != "company plan seats teams" {
		t.Errorf("columns %q", got)
	}
	b.api("PATCH", columnsAPI+"/plan", `{"label":"Tarif <b>","choices":[],"listed":false}`).wants(t, 200,
		`"choices":[],"configured":false,"key":"plan","label":"Tarif`)
	b.api("PATCH", columnsAPI+"/teams", `{"position":1}`).wants(t, 200, `"key":"teams"`)
	b.api("PATCH", columnsAPI+"/plan", `{"position":99}`).wants(t, 200, `"key":"plan"`)
	if got := w.columnKeys(); got != "company teams seats plan" {
		t.Errorf("columns %q", got)
	}
	b.api("DELETE", columnsAPI+"/teams?values=keep", "").wants(t, 204, "")
	b.api("DELETE", columnsAPI+"/seats", "").wants(t, 204, "")
	if got := w.columnKeys(); got != "company plan" {
		t.Errorf("columns %q", got)
	}
	wantEvents(t, w, audit.EventColumnAdded, "ok plan", "ok seats", "ok teams")
	wantEvents(t, w, audit.EventColumnChanged, "ok plan", "ok teams", "ok plan")
	wantEvents(t, w, audit.EventColumnRemoved, "ok teams values kept", "ok seats")
	if e := w.eventsOf(audit.EventColumnRemoved)[0]; e.Actor != root.ID || e.Address == "" || e.Host == "" {
		t.Errorf("%+v", e)
	}
}

func TestAColumnThatCannotBeIsRefused(t *testing.T) {
	w, _ := newAccounts(t, withFields("company"))
	b, _ := w.administrator("root")
	w.addColumn("plan", accounts.ColumnText)
	for body, want := range map[string]string{
		`{"type":"text"}`:                                                      "422 key",
		`{"key":"Plan","type":"text"}`:                                         "422 key",
		`{"key":"a.b","type":"text"}`:                                          "422 key",
		`{"key":"` + strings.Repeat("x", 65) + `"}`:                            "422 key",
		`{"key":"roles","type":"text"}`:                                        "422 key",
		`{"key":"password_hash","type":"text"}`:                                "422 key",
		`{"key":"x","type":"colour"}`:                                          "422 type",
		`{"key":"x"}`:                                                          "422 type",
		`{"key":"x","type":"text","label":"a\nb"}`:                             "422 label",
		`{"key":"x","type":"text","choices":["a,b"]}`:                          "422 choices",
		`{"key":"x","type":"number","choices":["1"]}`:                          "422 choices",
		`{"key":"x","type":"text","choices":"free"}`:                           "422 choices",
		`{"key":"x","type":"text","position":1}`:                               "422 position",
		`{"key":"x","type":"text","configured":true}`:                          "422 configured",
		`{"key":"plan","type":"number"}`:                                       "409 column_taken",
		`{"key":"company","type":"text"}`:                                      "409 column_taken",
		`{"key":"x","type":"text","label":"` + strings.Repeat("x", 101) + `"}`: "422 label",
	} {
		status, part, _ := strings.Cut(want, " ")
		p := b.api("POST", columnsAPI, body)
		if fmt.Sprint(p.StatusCode) != status || !strings.Contains(p.body, `"`+part+`"`) {
			t.Errorf("%s: %d %s, want %s", body, p.StatusCode, p.body, want)
		}
	}
	for call, want := range map[string]string{
		`PATCH /plan {"type":"number"}`: "invalid_field", `PATCH /plan {"key":"company"}`: "column_taken", `PATCH /plan {"key":"email"}`: "invalid_field",
		`PATCH /nothing {"label":"x"}`: "not_found", `PATCH /company {"label":"x"}`: "column_configured", `DELETE /company`: "column_configured",
		`DELETE /nothing`: "not_found", `DELETE /plan?values=all`: "invalid_field",
	} {
		part := append(strings.SplitN(call, " ", 3), "")
		if p := b.api(part[0], columnsAPI+part[1], part[2]); p.code() != want {
			t.Errorf("%s: %d %s, want %s", call, p.StatusCode, p.body, want)
		}
	}
	for i := 1; i < accounts.MaxColumns; i++ {
		w.addColumn(fmt.Sprint("c", i), accounts.ColumnText)
	}
	b.api("POST", columnsAPI, `{"key":"more","type":"text"}`).wants(t, 409, "column_limit")
	if got := strings.Fields(w.columnKeys()); len(got) != accounts.MaxColumns+1 {
		t.Errorf("%d columns", len(got))
	}
}

func TestOfAdministratorsWhoAddAColumnAtOnceOneWins(t *testing.T) {
	w, _ := newAccounts(t)
	won := make(chan error, 8)
	for i := range cap(won) {
		go func() {
			_, err := w.p.Accounts().AddColumn(t.Context(), accounts.Actor{},
				accounts.Column{Key: "plan", Label: fmt.Sprint(i), Type: accounts.ColumnText})
			won <- err
		}()
	}
	wins := 0
	for range cap(won) {
		switch err := <-won; {
		case err == nil:
			wins++
		case codeOf(err) != "column_taken" && codeOf(err) != "conflict":
			t.Error(err)
		}
	}
	if got := w.columnKeys(); wins != 1 || got != "plan" {
		t.Errorf("%d won, columns %q", wins, got)
	}
}

// Only administrators manage columns, and acts that affect rules require a recent login.
func TestColumnsRequireAnAdministrator(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.administrator("root")
	member, _ := w.member("member")
	all := b.token(`{"name":"x"}`)
	w.addColumn("plan", accounts.ColumnText)
	body := map[string]string{"POST": `{"key":"x","type":"text"}`, "PATCH": `{"label":"x"}`}
	for _, r := range w.p.Admin.Routes() {
		if !strings.Contains(r.Path, "/admin/columns") {
			continue
		}
		address := alone + strings.ReplaceAll(r.Path, "{id}", "plan")
		switch {
		case strings.HasPrefix(r.Path, "/api/"):
			member.api(r.Method, address, body[r.Method]).wants(t, 403, "forbidden")
			w.browser().api(r.Method, address, body[r.Method]).wants(t, 401, "login_required")
			foreign := b.apiRequest(r.Method, address, body[r.Method])
			foreign.Header.Set("Origin", "https://evil.example")
			foreign.Header.Set("Sec-Fetch-Site", "cross-site")
			b.onceDo(foreign).wants(t, 403, "cross_origin")
		case r.Method == http.MethodGet:
			member.get(address).wants(t, 403, "forbidden")
			if p := w.browser().get(address); p.url.Path != "/.gatehouse/login" {
				t.Errorf("%s leads to %s", r.Path, p.url)
			}
		default:
			member.post(address, values()).wants(t, 403, "forbidden")
			if p := w.browser().post(address, values()); p.url.Path != "/.gatehouse/login" {
				t.Errorf("%s leads to %s", r.Path, p.url)
			}
		}
	}
	w.pass(web.FreshFor)
	b.api("PATCH", columnsAPI+"/plan", `{"label":"Tarif"}`).wants(t, 200, "Tarif")
	b.api("PATCH", columnsAPI+"/plan", `{"key":"plan"}`).wants(t, 200, "plan")
	b.api("PATCH", columnsAPI+"/plan", `{"key":"tarif"}`).wants(t, 403, "fresh_login_required")
	b.api("DELETE", columnsAPI+"/plan", "").wants(t, 403, "fresh_login_required")
	for _, form := range []string{"/plan", "/plan/remove"} {
		f := values("key", "tarif")
		if form == "/plan/remove" {
			f = values("sure", "1")
		}
		if p := b.post(alone+"/admin/columns"+form, f); p.url.Path != "/.gatehouse/login" {
			t.Errorf("%s leads to %s", form, p.url)
		}
	}
	if got := w.columnKeys(); got != "plan" {
		t.Errorf("columns %q", got)
	}
	w.withToken(all, "DELETE", columnsAPI+"/plan", "").wants(t, 204, "")
}

func TestAdministratorsMindColumnsByForms(t *testing.T) {
	w, _ := newAccounts(t, withFields("company"))
	b, _ := w.administrator("root")
	at := alone + "/admin/columns"
	b.get(at).wants(t, 200, `"Configured":true`)
	b.post(at, values("key", "plan", "label", "Plan", "type", "text", "choices", "free, gold", "listed", "1")).
		wants(t, 200, "done_saved")
	b.post(at, values("key", "plan", "type", "text", "label", "x")).wants(t, 409,
		`"FieldProblems":{"key":{"ID":"problem_column_taken"`)
	b.post(at, values("key", "email", "type", "text")).wants(t, 422, `"field":"key"`)
	b.post(at, values("key", "since", "type", "date", "choices", "")).wants(t, 200,
		`"Key":"since","Label":"since","Type":"date","Choices":null,"Listed":false`)
	b.post(at+"/plan", values("key", "plan", "label", "Tarif", "choices", "", "position", "2")).wants(t, 200,
		`"Key":"plan","Label":"Tarif","Type":"text","Choices":null,"Listed":false`)
	if got := w.columnKeys(); got != "company since plan" {
		t.Errorf("columns %q", got)
	}
	b.post(at+"/plan", values("key", "p q", "label", "Tarif")).wants(t, 422, `"plan_key":{"ID":"problem_invalid_field"`)
	b.post(at+"/plan", values("position", "first")).wants(t, 422, `"Open":"plan"`)
	b.post(at+"/plan", values("type", "date")).wants(t, 422, "invalid_field")
	b.post(at+"/company", values("label", "x")).wants(t, 409, "column_configured")
	b.post(at+"/plan/remove", values()).wants(t, 422, `"plan_sure"`)
	b.post(at+"/plan/remove", values("sure", "1", "keep", "1")).wants(t, 200, "done_saved")
	b.post(at+"/since/remove", values("sure", "1")).wants(t, 200, "done_column_removed")
	if got := w.columnKeys(); got != "company" {
		t.Errorf("columns %q", got)
	}
}

func TestValuesHaveTheTypeOfTheirColumnWhoeverSetsThem(t *testing.T) {
	w, _ := newAccounts(t, withFields("company"))
	b, _ := w.administrator("root")
	ann := w.user("ann")
	w.addColumn("plan", accounts.ColumnText, "free", "gold")
	w.addColumn("seats", accounts.ColumnNumber)
	w.addColumn("beta", accounts.ColumnYesNo)
	w.addColumn("since", accounts.ColumnDate)
	w.addColumn("teams", accounts.ColumnList)
	good := `{"plan":"gold","seats":"12","beta":"yes","since":"2025-12-24","teams":"red, blue","legacy":{}}`
	want := map[string]any{"plan": "gold", "seats": 12.0, "beta": true, "since": "2025-12-24",
		"teams": []any{"red", "blue"}, "legacy": 1.0}
	good = strings.Replace(good, "{}", "1", 1) // an attribute without a column is stored as it was sent

	b.api("PATCH", adminAPI+"/"+ann.ID, `{"attributes":`+good+`}`).wants(t, 200, `"legacy":1`)
	b.api("POST", adminAPI, `{"email":"bob@example.com","attributes":`+good+`}`).wants(t, 201, `"seats":12`)
	text := map[string]any{"plan": "gold", "seats": "12", "beta": "true", "since": "2025-12-24", "teams": "red,blue",
		"legacy": 1.0}
	if _, err := w.p.Accounts().Import(t.Context(), accounts.Actor{},
		&userfile.Row{Email: "eve@example.com", Attributes: text}, false); err != nil {
		t.Fatal(err)
	}
	if _, err := w.p.Accounts().Import(t.Context(), accounts.Actor{},
		&userfile.Row{Email: "x@example.com", Attributes: map[string]any{"seats": "many"}}, true); codeOf(err) != "invalid_field seats" {
		t.Errorf("a dry run says %v", err)
	}
	for _, name := range []string{"ann", "bob@example.com", "eve@example.com"} {
		if u := w.account(name); !reflect.DeepEqual(u.Attributes, want) {
			t.Errorf("%s has %v, want %v", name, u.Attributes, want)
		}
	}
	for body, field := range map[string]string{`{"plan":"platinum"}`: "plan", `{"seats":"x"}`: "seats",
		`{"beta":1}`: "beta", `{"since":"x"}`: "since",
		`{"teams":["a,b"]}`: "teams", `{"company":1}`: "company"} {
		b.api("PATCH", adminAPI+"/"+ann.ID, `{"attributes":`+body+`}`).wants(t, 422, `"field":"`+field+`"`)
		b.api("POST", adminAPI, `{"email":"new@example.com","attributes":`+body+`}`).wants(t, 422,
			`"field":"`+field+`"`)
	}
	b.api("PATCH", adminAPI+"/"+ann.ID, `{"attributes":{"plan":"","seats":null,"beta":" ","teams":[]}}`).wants(t, 200,
		`"attributes":{"legacy":1,"since":"2025-12-24"}`)
}

func TestAdministratorsSetColumnsOnThePageOfAnAccount(t *testing.T) {
	w, _ := newAccounts(t, withFields("company"))
	b, _ := w.administrator("root")
	ann := w.user("ann")
	w.addColumn("seats", accounts.ColumnNumber)
	w.addColumn("teams", accounts.ColumnList)
	at := alone + "/admin/users/" + ann.ID
	b.post(at, values("company", "<b>ACME", "seats", "3", "teams", "red, blue")).wants(t, 200, "done_saved")
	if u := w.account("ann"); !reflect.DeepEqual(u.Attributes,
		map[string]any{"company": "<b>ACME", "seats": 3.0, "teams": []any{"red", "blue"}}) {
		t.Errorf("%v", u.Attributes)
	}
	before := w.account("ann").Version
	b.post(at, values("company", "<b>ACME", "seats", "3", "teams", "red, blue")).wants(t, 200, `"Value":"red, blue"`)
	if w.account("ann").Version != before {
		t.Error("what stayed as it was has been changed")
	}
	b.post(at, values("seats", "three")).wants(t, 422, `"FieldProblems":{"seats":{"ID":"problem_invalid_field"`)
	b.post(at, values("seats", "", "teams", "red")).wants(t, 200, "done_saved")
	if u := w.account("ann"); u.Attributes["seats"] != nil || !reflect.DeepEqual(u.Attributes["teams"], []any{"red"}) {
		t.Errorf("%v", u.Attributes)
	}
	b.post(at, values("legacy", "x")).wants(t, 422, "invalid_field")
	b.get(alone+"/admin/users").wants(t, 200, `"Cells":[{"Column":{"Key":"company"`)
}

func TestTwoAdministratorsDoNotOverwriteOneAnother(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.administrator("root")
	ann := w.user("ann")
	api, at := adminAPI+"/"+ann.ID, alone+"/admin/users/"+ann.ID
	seen := b.api("GET", api, "").Header.Get("ETag")
	if seen != `"1"` {
		t.Fatalf("ETag %q", seen)
	}
	patch := func(match, body string) page {
		r := b.apiRequest("PATCH", api, body)
		r.Header.Set("If-Match", match)
		return b.onceDo(r)
	}
	if p := patch(seen, `{"name":"Ann"}`); p.StatusCode != 200 || p.Header.Get("ETag") != `"2"` {
		t.Errorf("%d %q", p.StatusCode, p.Header.Get("ETag"))
	}
	patch(seen, `{"name":"Anna","password":"a new password"}`).wants(t, 412, "changed_meanwhile")
	for _, odd := range []string{"2", `W/"2"`, `"02"`, `"2", "3"`, `"x"`, `""`} {
		patch(odd, `{"name":"Anna"}`).wants(t, 412, "changed_meanwhile")
	}
	b.post(at, values("version", "1", "name", "Anna")).wants(t, 412, `"Version":2`)
	b.post(at, values("version", "x", "name", "Anna")).wants(t, 400, "malformed")
	if u := w.account("ann"); u.Name != "Ann" || u.Version != 2 {
		t.Errorf("%+v", u)
	}
	patch("*", `{"name":"Anna"}`).wants(t, 200, `"version":3`)
	b.post(at, values("version", "3", "name", "Ann")).wants(t, 200, "done_saved")
	w.browser().enter("ann", "right") // the password stayed
}

// A changed value is in force at the next request of an active session.
func TestAChangedValueReachesActiveSessions(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.administrator("root")
	her, ann := w.member("ann")
	w.addColumn("plan", accounts.ColumnText)
	for _, plan := range []string{"gold", "free"} {
		b.api("PATCH", adminAPI+"/"+ann.ID, `{"attributes":{"plan":"`+plan+`"}}`).wants(t, 200, plan)
		her.api("GET", aloneAPI+"session", "").wants(t, 200, `"attributes":{"plan":"`+plan+`"}`)
	}
	if kinds := w.reasons(audit.EventUserChange); !slices.Contains(kinds, "ok attributes") ||
		strings.Contains(strings.Join(kinds, " "), "gold") {
		t.Errorf("%q", kinds)
	}
}
