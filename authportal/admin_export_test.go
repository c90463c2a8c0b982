package authportal

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/admin"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
	"github.com/gatehouse-auth/gatehouse/store"
)

// exported returns the usernames of a table, in order, after its head.
func exported(t *testing.T, p page) (head []string, names string) {
	t.Helper()
	p.wants(t, 200, "")
	rows, err := csv.NewReader(strings.NewReader(p.body)).ReadAll()
	if err != nil {
		t.Fatalf("%v in %s", err, p.body)
	}
	var list []string
	for _, row := range rows[1:] {
		list = append(list, row[1])
	}
	return rows[0], strings.Join(list, " ")
}

func TestAccountsAreExportedWithTheFiltersOfTheList(t *testing.T) {
	w, _ := newImports(t)
	b, root := w.administrator("root")
	outcomes(t, b.sendFile("", "text/csv", people))
	p := b.api("GET", exportCall+"?sort=-username", "")
	head, names := exported(t, p)
	if strings.Join(head, ",") != "id,username,email,confirmed,name,roles,enabled,approved,created,last_sign_in,company" ||
		names != "root last@example.com bob@example.com ann" {
		t.Errorf("%q %q", head, names)
	}
	if p.Header.Get("Content-Type") != "text/csv; charset=utf-8" ||
		p.Header.Get("Content-Disposition") != `attachment; filename="users.csv"` ||
		p.Header.Get("Cache-Control") != "no-store" || p.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", p.Header)
	}
	if !strings.Contains(p.body, ",'=Ann,") || strings.Contains(p.body, "$6$") ||
		strings.Contains(p.body, "correct horse") {
		t.Errorf("%s", p.body)
	}
	for query, want := range map[string]string{"?enabled=false": "ann", "?format=csv&query=BOB": "bob@example.com",
		"?sort=-username": "root last@example.com bob@example.com ann",
		"?role=admin":     "root", "?approved=false": "",
		"?sort=username&limit=1&after=" + root.ID: "ann bob@example.com last@example.com root"} {
		if _, names := exported(t, b.api("GET", exportCall+query, "")); names != want {
			t.Errorf("%s: %q, want %q", query, names, want)
		}
	}
	j := b.api("GET", exportCall+"?format=json&role=writer", "")
	j.wants(t, 200, `"username":"ann","email":"ann@example.com","confirmed":true,"name":"=Ann","roles":["editor","writer"],"attributes":{"company":"ACME"},"enabled":false,"approved":true`)
	if users := j.json(t)["users"].([]any); len(users) != 1 ||
		j.Header.Get("Content-Disposition") != `attachment; filename="users.json"` {
		t.Errorf("%v %v", users, j.Header)
	}
	for query, field := range map[string]string{"?format=xml": "format", "?enabled=1": "enabled",
		"?sort=password": "sort"} {
		b.api("GET", exportCall+query, "").wants(t, 422, `"field":"`+field+`"`)
	}
	for _, e := range w.eventsOf(audit.EventUsersExported) {
		if e.Actor != root.ID || e.Result != audit.ResultOK {
			t.Errorf("%+v", e)
		}
	}
	if told := w.reasons(audit.EventUsersExported); len(told) != 8 || told[0] != "ok 4 accounts as csv" ||
		told[7] != "ok 1 accounts as json" {
		t.Errorf("%q", told)
	}
	b.get(alone+"/admin/export?query=ann").wants(t, 200, "ann@example.com")
	b.api("POST", exportCall, "{}").wants(t, 405, "method_not_allowed")
}

func TestWhatWasExportedIsImportedElsewhere(t *testing.T) {
	for _, format := range []string{"csv", "json"} {
		w, _ := newImports(t)
		b, _ := w.administrator("root")
		w.pass(time.Second) // the oldest come first
		outcomes(t, b.sendFile("", "application/json", `[{"email":"ann@example.com","username":"ann","name":"'=Ann","roles":["x","y"],"enabled":false,"confirmed":false,
			"approved":false,"attributes":{"password":"no secret","name":"n","n":-1}}]`))
		file := b.api("GET", exportCall+"?format="+format, "")
		file.wants(t, 200, "")
		before := w.account("ann")

		elsewhere, _ := newImports(t)
		e, _ := elsewhere.administrator("root")
		rows, _ := outcomes(t, e.sendFile("", file.Header.Get("Content-Type"), file.body))
		wantRows(t, rows, []string{map[string]string{"csv": "2", "json": "1"}[format] +
			" root@example.com exists user_exists",
			map[string]string{"csv": "3", "json": "2"}[format] + " ann@example.com made"})
		after := elsewhere.account("ann")
		if after.Name != before.Name || fmt.Sprint(after.Roles) != fmt.Sprint(before.Roles) || after.Enabled ||
			after.Confirmed || after.Approved ||
			fmt.Sprint(after.Attributes) != fmt.Sprint(before.Attributes) {
			t.Errorf("%s: %+v comes back as %+v", format, before, after)
		}
		if c, err := elsewhere.users.CredentialsOf(t.Context(), after.ID, ""); err != nil || len(c) > 0 {
			t.Errorf("%s: %v, %v", format, c, err)
		}
	}
}

// paging is a users store that counts what is in memory at once, and fails after some pages.
type paging struct {
	store.UserStore

	mu             sync.Mutex
	largest, pages int
	fail           func(page int) error
}

// begin resets the count, and fails after that many pages.
func (p *paging) begin(fail func(page int) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages, p.fail = 0, fail
}

func (p *paging) ListUsers(ctx context.Context, q store.UserQuery) ([]store.User, error) {
	p.mu.Lock()
	p.pages++
	page, fail := p.pages, p.fail
	p.mu.Unlock()
	if fail != nil {
		if err := fail(page); err != nil {
			return nil, err
		}
	}
	list, err := p.UserStore.ListUsers(ctx, q)
	p.mu.Lock()
	p.largest = max(p.largest, len(list))
	p.mu.Unlock()
	return list, err
}

// Many accounts are exported page by page, and an export that fails aborts the connection.
func TestExportOfManyAccounts(t *testing.T) {
	s := &paging{}
	w, _ := newImports(t, func(c *Config) {
		s.UserStore = c.Users
		c.Users = s
	})
	b, root := w.administrator("root")
	for i := range 2*admin.ExportPage + 10 {
		u := store.User{ID: fmt.Sprintf("%026s", strings.ReplaceAll(fmt.Sprint(i), "1", "a")),
			Username: fmt.Sprintf("n%d", i), Enabled: true, Approved: true, Created: w.clock()}
		if err := s.UserStore.CreateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	if _, names := exported(t, b.api("GET", exportCall, "")); strings.Count(names, "n") != 2*admin.ExportPage+10 ||
		s.largest != admin.ExportPage {
		t.Errorf("%d accounts at once", s.largest)
	}
	cut := func(query string, fail func(page int) error) (body string, err error) {
		s.begin(fail)
		resp, err := b.client.Do(b.apiRequest("GET", exportCall+query, ""))
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		return string(raw), err
	}
	if body, err := cut("?format=json", func(page int) error {
		if page == 3 {
			return store.ErrUnavailable
		}
		return nil
	}); err == nil {
		t.Errorf("a file without its end arrived as a whole one of %d bytes", len(body))
	}
	if body, err := cut("?format=json", func(page int) error { return store.ErrUnavailable }); err == nil {
		t.Errorf("an empty file arrived: %s", body)
	}
	// Before the first line is sent, the answer can still be an error.
	if body, err := cut("", func(page int) error { return store.ErrUnavailable }); err != nil ||
		!strings.Contains(body, problem.CodeUnavailable) {
		t.Errorf("%s, %v", body, err)
	}
	// Without the role, the export stops.
	w.holds(w.user("other"), "admin")
	if _, err := cut("?format=json", func(page int) error {
		if page == 2 {
			w.pass(admin.LookAgain)
			w.holds(root)
		}
		return nil
	}); err == nil {
		t.Error("the file goes on without the role")
	}
	if last := w.reasons(audit.EventUsersExported); last[len(last)-1] != fmt.Sprintf("failed %d accounts as json",
		admin.ExportPage) {
		t.Errorf("%q", last)
	}
}

// FuzzImportedFile sends any file through an import: it is answered, and its accounts can be exported and read again.
func FuzzImportedFile(f *testing.F) {
	for _, seed := range []string{people, "email\n\x00@example.com\n",
		`[{"email":"a@example.com","roles":["admin"],"attributes":{"a":"=1"}}]`,
		"email;name\na@example.com;\"x\ny\"\n", "\ufeffemail\r\na@example.com\r\n",
		`[{"email":"a@b@c","username":"a b"}]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		for _, format := range []userfile.Format{userfile.CSV, userfile.JSON} {
			up, err := admin.ReadUpload(strings.NewReader(file), format, -1)
			if err == nil {
				err = up.Survey()
			}
			if err != nil {
				if p := problem.Of(err); p.Status < 400 || p.Status >= 500 || problem.IsFault(err) {
					t.Errorf("%s: %v", format, err)
				}
				continue
			}
			users := &made{}
			a, err := accounts.New(accounts.Deps{Users: users, Sessions: noSessions{}, Rand: endless{}})
			if err != nil {
				t.Fatal(err)
			}
			i := a.NewImporter(accounts.Actor{}, false)
			r := userfile.NewReader(strings.NewReader(file), format)
			for {
				row, err := r.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					continue
				}
				out, err := i.Row(t.Context(), &row)
				if err != nil || out.Result != accounts.OutcomeMade &&
					out.Problem.Status >= http.StatusInternalServerError {
					t.Errorf("%+v: %v", row, err)
				}
			}
			users.readBack(t, format)
		}
	})
}

// made is an empty users store that records the accounts that are created.
type made struct {
	store.UserStore
	users []store.User
}

func (m *made) Setting(context.Context, string) ([]byte, error) { return nil, store.ErrNotFound }

func (m *made) FindUser(context.Context, string) (store.User, error) {
	return store.User{}, store.ErrNotFound
}

func (m *made) CreateUser(_ context.Context, u store.User, _ ...store.Credential) error {
	m.users = append(m.users, u)
	return nil
}

func (m *made) readBack(t *testing.T, format userfile.Format) {
	var names []string
	for i := range m.users {
		for name := range m.users[i].Attributes {
			names = append(names, name)
		}
	}
	var b strings.Builder
	w := userfile.NewWriter(&b, format, slices.Compact(slices.Sorted(slices.Values(names))))
	for i := range m.users {
		a := userfile.Of(&m.users[i])
		if err := w.Write(&a); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := userfile.NewReader(strings.NewReader(b.String()), format)
	for i := range m.users {
		row, err := r.Next()
		if err != nil || row.Email != m.users[i].Email || row.Username != m.users[i].Username ||
			row.Name != m.users[i].Name {
			t.Fatalf("%+v comes back as %+v, %v", m.users[i], row, err)
		}
	}
}

// noSessions is a session store that is never called.
type noSessions struct{ store.SessionStore }
