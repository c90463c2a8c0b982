package authportal

import (
	"encoding/csv"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/admin"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/store"
)

func TestAdministratorsFindWhatHappenedOnAPage(t *testing.T) {
	var w *world
	w, _ = newAccounts(t, audited(&w))
	root, admin := w.administrator("root")
	_, ann := w.member("ann")
	w.pass(time.Second)
	w.browser().api("POST", aloneAPI+"login", `{"login":"ann","password":"wrong"}`).wants(t, 401, "")
	w.pass(time.Second)
	root.api("PATCH", adminAPI+"/"+ann.ID, `{"name":"Ann"}`).wants(t, 200, "")
	w.pass(time.Second)
	w.browser().api("POST", aloneAPI+"login", `{"login":"nobody","password":"wrong"}`).wants(t, 401, "")

	today := w.clock().UTC().Format(time.DateOnly)
	for query, want := range map[string][]string{
		"whom=ann":                    {`"Whom":"ann"`, `"Reason":"name"`, `"By":"root"`, `"Reason":"wrong password"`},
		"whom=ANN%40example.com":      {`"Reason":"wrong password"`},
		"whom=" + ann.ID:              {`"Reason":"wrong password"`},
		"who=root":                    {`"Reason":"name"`, `"ByID":"` + admin.ID + `"`},
		"kind=sign_in&result=refused": {`"Reason":"unknown account"`, `"Reason":"wrong password"`},
		"since=" + today + "&until=" + today + "&whom=ann&kind=user_change": {`"Reason":"name"`},
		"whom=&who=&kind=&result=&address=&since=&until=": {`"Reason":"name"`,
			`"Reason":"unknown account"`},
	} {
		p := root.get(alone + "/admin/audit?" + query)
		for _, fact := range want {
			p.wants(t, 200, fact)
		}
		if strings.HasPrefix(query, "who=") && strings.Contains(p.body, "wrong password") ||
			strings.HasPrefix(query, "whom=ann") && strings.Contains(p.body, "unknown account") {
			t.Errorf("%s finds others: %s", query, p.body)
		}
	}
	for query, field := range map[string]string{"address=office": "address", "since=yesterday": "since",
		"until=2026-13-01": "until"} {
		root.get(alone+"/admin/audit?"+query).wants(t, 422, `"field":"`+field+`"`)
	}
	root.get(alone+"/admin/audit?after=x").wants(t, 404, "not_found")
}

func TestTheTrailOfAnAccountThatIsGoneIsFoundByItsName(t *testing.T) {
	var w *world
	w, _ = newAccounts(t, audited(&w))
	root, _ := w.administrator("root")
	_, ann := w.member("ann")
	root.api("DELETE", adminAPI+"/"+ann.ID, "").wants(t, 204, "")
	root.get(alone+"/admin/audit?whom=ann").wants(t, 200, `"Kind":"user_delete"`)
}

func TestThePageOfTheTrailGoesOnWithItsFilters(t *testing.T) {
	var w *world
	w, _ = newAccounts(t, audited(&w))
	w.administrator("root")
	for range admin.AuditPageSize + 3 {
		w.browser().api("POST", aloneAPI+"login", `{"login":"nobody","password":"wrong"}`)
		w.pass(16 * time.Minute) // the attempts must not be throttled
	}
	root := w.browser()
	root.enter("root", "right")
	p := root.get(alone + "/admin/audit?kind=sign_in&result=refused&whom=")
	p.wants(t, 200, `"Later":false`)
	next := stringOf(t, p.body, "NextURL")
	u, err := url.Parse(next)
	if err != nil || u.Query().Get("kind") != "sign_in" || u.Query().Get("result") != "refused" ||
		u.Query().Get("after") == "" {
		t.Fatalf("%q %v", next, err)
	}
	last := root.get("https://" + p.url.Host + next)
	last.wants(t, 200, `"NextURL":""`)
	last.wants(t, 200, `"Later":true`)
	if n := strings.Count(last.body, `"Reason":"unknown account"`); n != 3 {
		t.Errorf("%d events on the second page", n)
	}
}

// stringOf reads a fact of a raw page.
func stringOf(t *testing.T, body, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, `"`+name+`":`)
	var s string
	if !ok || json.NewDecoder(strings.NewReader(rest)).Decode(&s) != nil {
		t.Fatalf("no %s in %s", name, body)
	}
	return s
}

// An export is JSON lines or CSV, and is recorded in the trail itself.
func TestAuditTrailExport(t *testing.T) {
	var w *world
	w, _ = newAccounts(t, audited(&w))
	root, admin := w.administrator("root")
	kept := w.cfg.Audit
	odd := store.AuditEvent{ID: "odd", Time: w.clock().Add(-time.Hour), Kind: "sign_up", Result: "ok",
		Username: "=cmd|' /C calc'!A0", UserID: "u"}
	if err := kept.AppendEvents(t.Context(), []store.AuditEvent{odd}); err != nil {
		t.Fatal(err)
	}
	p := root.get(alone + "/admin/audit/export?as=jsonl&kind=sign_up")
	p.wants(t, 200, "")
	var read store.AuditEvent
	if err := json.Unmarshal([]byte(p.body), &read); err != nil || read.Username != odd.Username ||
		!strings.Contains(p.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%v %+v %v", err, read, p.Header)
	}
	p = root.get(alone + "/admin/audit/export?as=csv&kind=sign_up")
	rows, err := csv.NewReader(strings.NewReader(p.body)).ReadAll()
	if err != nil || len(rows) != 2 ||
		strings.Join(rows[0], " ") != "id time kind result reason actor user_id username method session address host" ||
		rows[1][7] != "'"+odd.Username {
		t.Errorf("%v %q", err, rows)
	}
	root.get(alone+"/admin/audit?kind=audit_export").wants(t, 200, `"ByID":"`+admin.ID+`"`)
	root.get(alone+"/admin/audit/export?as=xlsx").wants(t, 422, "invalid_field")
	root.get(alone+"/admin/audit/export").wants(t, 422, "invalid_field")
	ann, _ := w.member("ann")
	ann.get(alone+"/admin/audit/export?as=csv").wants(t, 403, "forbidden")
	ann.get(alone+"/admin/audit").wants(t, 403, "forbidden")
	if p := w.browser().get(alone + "/admin/audit/export?as=csv"); p.url.Path != "/.gatehouse/login" {
		t.Errorf("a stranger gets %s", p.url)
	}
}

// An event that the page cannot filter by, or has no name for, cannot be found.
func TestEveryKindOfEventCanBeLookedFor(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "audit/event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Event") {
			return true
		}
		found++
		kind, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil || !slices.Contains(audit.Kinds, kind) {
			t.Errorf("%s is missing in eventKinds", spec.Names[0].Name)
		}
		return true
	})
	if found != len(audit.Kinds) || found < 15 {
		t.Errorf("%d kinds are known, %d can be looked for", found, len(audit.Kinds))
	}
}
