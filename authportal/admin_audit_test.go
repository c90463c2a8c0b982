package authportal

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/store"
)

// audited stores every event at once, in the database of the world.
func audited(w **world) worldOption {
	return func(c *Config) {
		kept := c.Users.(*flakyUsers).UserStore.(store.Audit)
		told := c.Notify
		c.Audit = kept
		c.Notify = func(ctx context.Context, e audit.Event) {
			told(ctx, e)
			r := audit.NewUnstartedRecorder(kept, time.Now, c.Log)
			r.Record(e)
			if _, err := r.Write(context.WithoutCancel(ctx)); err != nil {
				(*w).t.Error(err)
			}
		}
	}
}

func trailOf(t *testing.T, b *browser, query string) (events []map[string]any, next string) {
	t.Helper()
	p := b.api("GET", aloneAPI+"admin/audit"+query, "")
	p.wants(t, 200, `"events":[`)
	var answer struct {
		Events []map[string]any
		Next   string
	}
	if err := json.Unmarshal([]byte(p.body), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Events, answer.Next
}

func TestAdministratorsReadWhoDidWhat(t *testing.T) {
	var w *world
	w, _ = newAccounts(t, audited(&w))
	root, admin := w.administrator("root")
	_, ann := w.member("ann")
	w.pass(time.Second)
	w.browser().api("POST", aloneAPI+"login", `{"login":"ann","password":"wrong"}`).wants(t, 401, "")
	w.pass(time.Second)
	root.api("PATCH", adminAPI+"/"+ann.ID, `{"name":"Ann"}`).wants(t, 200, "")
	w.pass(time.Second)
	root.api("DELETE", adminAPI+"/"+admin.ID, "").wants(t, 409, "last_administrator")

	events, _ := trailOf(t, root, "")
	var got []string
	for _, e := range events[:3] {
		line := e["kind"].(string) + " " + e["result"].(string)
		for _, name := range []string{"reason", "actor", "username"} {
			if v, ok := e[name].(string); ok {
				line += " " + strings.ReplaceAll(v, admin.ID, "<root>")
			}
		}
		got = append(got, line)
	}
	want := []string{"user_delete refused last_administrator <root>", "user_change ok name <root> ann",
		"sign_in refused wrong password ann"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("newest first:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for query, n := range map[string]int{"?user=" + ann.ID + "&result=refused": 1, "?actor=" + admin.ID: 2,
		"?kind=user_change&actor=" + admin.ID:                       1,
		"?since=" + url.QueryEscape(w.clock().Format(time.RFC3339)): 1, "?address=203.0.113.99": 0} {
		if events, _ := trailOf(t, root, query); len(events) != n {
			t.Errorf("%s: %d events, want %d", query, len(events), n)
		}
	}
}

// Pages of the trail have neither gaps nor repetitions.
func TestAuditTrailPagination(t *testing.T) {
	var w *world
	w, _ = newAccounts(t, audited(&w))
	root, _ := w.administrator("root")
	for range 5 {
		w.browser().api("POST", aloneAPI+"login", `{"login":"root","password":"wrong"}`).wants(t, 401, "")
	}
	all, _ := trailOf(t, root, "")
	seen := map[string]bool{}
	for query := "?limit=2"; query != ""; {
		events, next := trailOf(t, root, query)
		for _, e := range events {
			if seen[e["id"].(string)] {
				t.Errorf("%v twice", e)
			}
			seen[e["id"].(string)] = true
		}
		if query = ""; next != "" {
			query = "?limit=2&after=" + next
		}
	}
	if len(seen) != len(all) || len(all) < 5 {
		t.Errorf("%d events page by page, %d at once", len(seen), len(all))
	}
}

func TestTheTrailIsForAdministratorsAndSpellingCounts(t *testing.T) {
	var w *world
	w, _ = newAccounts(t, audited(&w))
	root, _ := w.administrator("root")
	ann, _ := w.member("ann")
	w.browser().api("GET", aloneAPI+"admin/audit", "").wants(t, 401, "login_required")
	ann.api("GET", aloneAPI+"admin/audit", "").wants(t, 403, "forbidden")
	for _, query := range []string{"?limit=0", "?limit=1001", "?limit=x", "?after=x", "?after=MTAgeA",
		"?since=yesterday", "?usr=ann", "?kind=a&kind=b"} {
		root.api("GET", aloneAPI+"admin/audit"+query, "").wants(t, 422, "invalid_field")
	}
	w.cfg.Audit = nil
	w.reload()
	root.api("GET", aloneAPI+"admin/audit", "").wants(t, 404, "not_found")
}
