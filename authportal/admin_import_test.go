package authportal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/admin"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	importCall = aloneAPI + "admin/users/import"
	exportCall = aloneAPI + "admin/users/export"
	importAt   = alone + "/admin/import"
)

// hashKeeper is a keeper that imports hashes and checks passwords without hashing them.
type hashKeeper struct{ *keeper }

func (hashKeeper) CheckHash(encoded string) error {
	if !strings.HasPrefix(encoded, "$6$") {
		return fmt.Errorf("unknown")
	}
	return nil
}

func (k hashKeeper) AcceptPassword(_ context.Context, _ *store.User, password string) error {
	if len(password) < 8 {
		return &method.UnacceptableError{Reason: "too_short"}
	}
	return nil
}

func newImports(t *testing.T, opts ...worldOption) (*world, *keeper) {
	k := &keeper{}
	w := newWorld(t, append([]worldOption{func(c *Config) {
		k.plainPassword = &plainPassword{users: c.Users}
		c.Methods = []method.Configured{{Name: "password", Method: hashKeeper{k}}}
	}}, opts...)...)
	return w, k
}

func (b *browser) sendFile(query, kind, file string) page {
	b.w.t.Helper()
	r := b.apiRequest("POST", importCall+query, file)
	r.Header.Set("Content-Type", kind)
	return b.onceDo(r)
}

// outcomes lists "line email outcome code field" of every row of a report, and its end.
func outcomes(t *testing.T, p page) (rows []string, end map[string]any) {
	t.Helper()
	p.wants(t, 200, `"rows":[`)
	end = p.json(t)
	for _, r := range end["rows"].([]any) {
		m := r.(map[string]any)
		row := fmt.Sprint(m["line"], " ", m["email"], " ", m["outcome"])
		for _, name := range []string{"code", "field"} {
			if m[name] != nil {
				row += " " + m[name].(string)
			}
		}
		rows = append(rows, row)
	}
	delete(end, "rows")
	return rows, end
}

// people is a file with a row for every outcome. root exists already.
const people = "email,username,name,roles,company,enabled,password,password_hash\n" +
	"Ann@Example.com,ann,'=Ann,\"writer, editor\",ACME,false,,$6$x\n" +
	"root@example.com,,,,,,,\n" +
	"nobody,,,,,,,\n" +
	"bob@example.com,,,,,,correct horse,\n" +
	"short@example.com,,,,,,short,\n" +
	"eve@example.com,root,,,,,,\n" +
	"ann@example.com,ann2,,,,,,\n" +
	"old@example.com,,,,,,,{MD5}abc\n" +
	"both@example.com,,,,,,correct horse,$6$x\n" +
	"flag@example.com,,,,,perhaps,,\n" +
	"few@example.com\n" +
	"last@example.com,,,,,,,\n"

var peopleBecome = []string{
	"2 Ann@Example.com made", "3 root@example.com exists user_exists", "4 nobody refused invalid_field email",
	"5 bob@example.com made",
	"6 short@example.com refused password_not_acceptable", "7 eve@example.com refused username_taken",
	"8 ann@example.com exists user_exists",
	"9 old@example.com refused invalid_field password_hash", "10 both@example.com refused invalid_field password",
	"11  refused invalid_field enabled",
	"12  refused malformed", "13 last@example.com made",
}

func wantRows(t *testing.T, got, want []string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the rows became\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAFileIsTriedAndImportedWithAReportPerRow(t *testing.T) {
	w, k := newImports(t)
	b, root := w.administrator("root")
	spent := k.spent.Load()
	rows, end := outcomes(t, b.sendFile("?dry_run=true", "text/csv; charset=utf-8", people))
	wantRows(t, rows, peopleBecome)
	if end["dry_run"] != true || end["made"] != 3.0 || end["exists"] != 2.0 || end["refused"] != 7.0 ||
		end["stopped"] != nil {
		t.Errorf("%v", end)
	}
	if w.count() != 1 || k.spent.Load() != spent || len(w.eventsOf(audit.EventUsersImported)) > 0 {
		t.Error("a dry run did something")
	}

	p := b.sendFile("", "text/csv", people)
	rows, end = outcomes(t, p)
	wantRows(t, rows, peopleBecome)
	if end["dry_run"] != false || end["made"] != 3.0 || w.count() != 4 || k.spent.Load() != spent+1 {
		t.Errorf("%v, %d accounts, %d hashed", end, w.count(), k.spent.Load()-spent)
	}
	if strings.Contains(p.body, "$6$") || strings.Contains(p.body, "correct horse") ||
		strings.Contains(w.logs.String(), "$6$") {
		t.Error("a report or a log holds what signs in")
	}
	ann := w.account("ann")
	if ann.Email != "ann@example.com" || ann.Name != "=Ann" || strings.Join(ann.Roles, " ") != "editor writer" ||
		ann.Enabled || !ann.Confirmed ||
		ann.Attributes["company"] != "ACME" || !strings.Contains(p.body, ann.ID) {
		t.Errorf("%+v", ann)
	}
	if c, err := w.users.Credential(t.Context(), store.KindPassword, ann.ID); err != nil || string(c.Data) != "$6$x" {
		t.Errorf("%+v, %v", c, err)
	}
	w.browser().enter("bob@example.com", "correct horse")
	wantEvents(t, w, audit.EventUsersImported, "ok made 3, exists 2, refused 7")
	if e := w.eventsOf(audit.EventUsersImported)[0]; e.Actor != root.ID || e.Address != "192.0.2.1" {
		t.Errorf("%+v", e)
	}
	if made := w.reasons(audit.EventUserCreate); len(made) != 3 || made[0] != "ok imported" {
		t.Errorf("%q", made)
	}

	// Once more: existing accounts are reported as such, and nothing is hashed for them.
	_, end = outcomes(t, b.sendFile("?dry_run=false", "text/csv", people))
	if end["made"] != 0.0 || end["exists"] != 5.0 || k.spent.Load() != spent+2 { // and bob signed in
		t.Errorf("%v, %d hashed", end, k.spent.Load()-spent)
	}
	// The report has the same members for every row.
	rows, _ = outcomes(t, b.sendFile("", "application/json",
		`{"users":[{"email":"zoe@example.com","attributes":{"seats":3},"approved":false},{"emial":"x"}],"total":2}`))
	wantRows(t, rows, []string{"1 zoe@example.com made", "2  refused malformed"})
	if zoe := w.account("zoe@example.com"); zoe.Approved || zoe.Attributes["seats"] != 3.0 {
		t.Errorf("%+v", zoe)
	}
}

// importers lists who may send a file, without and with passwords.
func TestImportAndExportAreAuthorised(t *testing.T) {
	w, _ := newImports(t)
	late, _ := w.member("late")
	w.pass(web.FreshFor)
	w.holds(w.account("late"), "admin")
	admin, _ := w.administrator("root")
	member, mu := w.member("member")
	w.holds(mu, "editor")
	token, weak := admin.token(`{"name":"x"}`), admin.token(`{"name":"x","roles":["editor"]}`)
	n := 0
	for _, c := range []struct {
		who         string
		b           *browser
		header      [2]string
		plain, hash int
		code, coded string // the second for a file with passwords
	}{
		{"a fresh administrator", admin, [2]string{}, 200, 200, "", ""},
		{"one who signed in long ago", late, [2]string{}, 403, 403, "fresh_login_required", "fresh_login_required"},
		{"a token", w.browser(), [2]string{"Authorization", "Bearer " + token}, 200, 403, "", "forbidden"},
		{"a token without the role", w.browser(), [2]string{"Authorization", "Bearer " + weak}, 403, 403, "forbidden",
			"forbidden"},
		{"no token", w.browser(), [2]string{"Authorization", "Bearer ghk_nonsense"}, 401, 401, "invalid_token",
			"invalid_token"},
		{"a member", member, [2]string{}, 403, 403, "forbidden", "forbidden"},
		{"nobody", w.browser(), [2]string{}, 401, 401, "login_required", "login_required"},
		{"a page of another origin", admin, [2]string{"Sec-Fetch-Site", "cross-site"}, 403, 403, "cross_origin",
			"cross_origin"},
	} {
		send := func(method, at, kind, body string) page {
			r := c.b.apiRequest(method, at, body)
			if kind != "" {
				r.Header.Set("Content-Type", kind)
			}
			if c.header[0] != "" {
				r.Header.Set(c.header[0], c.header[1])
			}
			return c.b.onceDo(r)
		}
		for _, dry := range []string{"?dry_run=true", ""} {
			before := w.count()
			n++
			p := send("POST", importCall+dry, "text/csv", fmt.Sprintf("email\nn%d@example.com\n", n))
			q := send("POST", importCall+dry, "text/csv", fmt.Sprintf("email,password_hash\nh%d@example.com,$6$x\n", n))
			if p.StatusCode != c.plain || p.code() != c.code || q.StatusCode != c.hash || q.code() != c.coded {
				t.Errorf("%s %s: %d %s, with hashes %d %s", c.who, dry, p.StatusCode, p.body, q.StatusCode, q.body)
			}
			made := 0
			for _, status := range []int{p.StatusCode, q.StatusCode} {
				if dry == "" && status == 200 {
					made++
				}
			}
			if w.count()-before != made {
				t.Errorf("%s %s: %d accounts were made, want %d", c.who, dry, w.count()-before, made)
			}
		}
		if p := send("GET", exportCall, "", ""); p.StatusCode != c.plain || p.code() != c.code ||
			(c.plain != 200 && strings.Contains(p.body, "@example.com")) {
			t.Errorf("%s exports: %d %s", c.who, p.StatusCode, p.body)
		}
	}
}

// A file with passwords is refused over plain HTTP.
func TestImportOfPasswordsRequiresHTTPS(t *testing.T) {
	w, _ := newImports(t)
	b, _ := w.administrator("root")
	plain := strings.Replace(importCall, "https://alone.", "http://plain.", 1)
	key := b.cookie(alone, "__Host-gatehouse")
	r := b.apiRequest("POST", plain, "email,password\nann@example.com,correct horse\n")
	r.Header.Set("Content-Type", "text/csv")
	r.AddCookie(&http.Cookie{Name: "gatehouse", Value: key})
	if p := b.onceDo(r); p.StatusCode < 400 || w.count() != 1 {
		t.Errorf("%d %s", p.StatusCode, p.body)
	}
}

func TestAFileThatCannotBeReadMakesNothing(t *testing.T) {
	w, _ := newImports(t)
	b, _ := w.administrator("root")
	many := "email\n" + strings.Repeat("a\n", admin.MaxImportRows+1)
	for _, c := range []struct {
		kind, file string
		status     int
		want       string
	}{
		{"text/csv", "", 400, `"code":"unreadable_file"`},
		{"text/csv", "mail\nann@example.com\n", 400, `"reason":"no_email"`},
		{"text/csv", "email,email\nann@example.com,\n", 400, `"reason":"twice"`},
		{"text/csv", "email\nann@example.com\n\"bob@example.com\n", 400, `"line":3,"reason":"broken"`},
		{"text/csv", "\xff\xfee\x00", 400, `"reason":"encoding"`},
		{"text/csv", "email" + strings.Repeat(",", 1_000_000) + "\n", 400, `"reason":"too_long"`},
		{"application/json", `[{"email":"ann@example.com"},`, 400, `"line":2,"reason":"broken"`},
		{"application/json", strings.Repeat("[", 200_000), 400, `"code":"unreadable_file"`},
		{"text/csv", many, 413, `"code":"too_large"`},
		{"text/csv", "email\n" + strings.Repeat("a@example.com\n", admin.MaxImportFile/14+1), 413,
			`"code":"too_large"`},
		{"text/csv; charset=iso-8859-1", "email\nann@example.com\n", 415, `"code":"malformed"`},
		{"text/plain", "email\nann@example.com\n", 415, `"code":"malformed"`},
		{"application/x-www-form-urlencoded", "email\nann@example.com\n", 415, `"code":"malformed"`},
		{"multipart/form-data; boundary=x", "email\nann@example.com\n", 415, `"code":"malformed"`},
	} {
		p := b.sendFile("", c.kind, c.file)
		if p.StatusCode != c.status || !strings.Contains(p.body, c.want) ||
			p.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %.40q: %d %s, want %s", c.kind, c.file, p.StatusCode, p.body, c.want)
		}
	}
	b.sendFile("?dryrun=true", "text/csv", "email\nann@example.com\n").wants(t, 422, `"field":"dryrun"`)
	b.sendFile("?dry_run=yes", "text/csv", "email\nann@example.com\n").wants(t, 422, `"field":"dry_run"`)
	b.sendFile("?dry_run=true&dry_run=false", "text/csv", "email\nann@example.com\n").wants(t, 422, `"field":"dry_run"`)
	if w.count() != 1 {
		t.Errorf("%d accounts", w.count())
	}
	b.api("GET", importCall, "").wants(t, 405, "method_not_allowed")
}

// A body of unknown length is bounded while it is read.
func TestAFileOfUnknownLengthIsBounded(t *testing.T) {
	w, _ := newImports(t)
	b, _ := w.administrator("root")
	r := b.apiRequest("POST", importCall, "x")
	r.Body, r.ContentLength, r.GetBody = io.NopCloser(io.LimitReader(endless{}, 1<<40)), -1, nil
	r.Header.Set("Content-Type", "text/csv")
	resp, err := b.client.Do(r)
	if err != nil {
		return // the server hung up on it
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%d", resp.StatusCode)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// stopping is a users store with a hook before an account is created.
type stopping struct {
	store.UserStore
	made func(ctx context.Context, n int) error
	n    int
}

func (s *stopping) CreateUser(ctx context.Context, u store.User, creds ...store.Credential) error {
	if s.made != nil {
		s.n++
		if err := s.made(ctx, s.n); err != nil {
			return err
		}
	}
	return s.UserStore.CreateUser(ctx, u, creds...)
}

func withStopping(s *stopping) worldOption {
	return func(c *Config) {
		s.UserStore = c.Users
		c.Users = s
	}
}

func numbered(n int) string {
	var b strings.Builder
	b.WriteString("email\n")
	for i := range n {
		fmt.Fprintf(&b, "n%d@example.com\n", i)
	}
	return b.String()
}

// An import that stops leaves whole rows, and continues when the file is sent again.
func TestAnInterruptedImportContinues(t *testing.T) {
	s := &stopping{}
	w, _ := newImports(t, withStopping(s))
	b, root := w.administrator("root")
	s.made = func(ctx context.Context, n int) error {
		if n == 4 {
			return store.ErrUnavailable
		}
		return nil
	}
	rows, end := outcomes(t, b.sendFile("", "text/csv", numbered(6)))
	stopped, _ := end["stopped"].(map[string]any)
	if len(rows) != 3 || stopped["line"] != 5.0 || stopped["code"] != problem.CodeUnavailable || end["made"] != 3.0 ||
		w.count() != 4 {
		t.Errorf("%q, %v, %d accounts", rows, end, w.count())
	}
	wantEvents(t, w, audit.EventUsersImported, "failed made 3, exists 0, refused 0; stopped: store_unavailable")
	_, end = outcomes(t, b.sendFile("?dry_run=true", "text/csv", numbered(6)))
	if end["exists"] != 3.0 || end["made"] != 3.0 {
		t.Errorf("how far it came is told as %v", end)
	}

	// Without the role, the import stops.
	other := w.user("other")
	w.holds(other, "admin")
	s.n, s.made = 0, func(ctx context.Context, n int) error {
		if n == 2 {
			w.pass(admin.LookAgain)
			w.holds(root)
		}
		return nil
	}
	_, end = outcomes(t, b.sendFile("", "text/csv", numbered(9)))
	stopped, _ = end["stopped"].(map[string]any)
	if stopped["code"] != "forbidden" || stopped["line"] != 7.0 || end["made"] != 2.0 {
		t.Errorf("%v", end)
	}
}

func TestAnImportWhoseCallerGoesAwayStops(t *testing.T) {
	s := &stopping{}
	w, _ := newImports(t, withStopping(s))
	b, _ := w.administrator("root")
	r := b.apiRequest("POST", importCall, numbered(50))
	r.Header.Set("Content-Type", "text/csv")
	caller, hangUp := context.WithCancel(t.Context())
	s.made = func(ctx context.Context, n int) error {
		if n == 5 {
			hangUp()
			<-ctx.Done() // the server has noticed
			return ctx.Err()
		}
		return nil
	}
	if resp, err := b.client.Do(r.WithContext(caller)); err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		if err == nil {
			t.Error("the report came to its end")
		}
	}
	w.server.Close() // waits for the call
	if n := w.count(); n != 5 {
		t.Errorf("%d accounts", n)
	}
	wantEvents(t, w, audit.EventUsersImported, "failed made 4, exists 0, refused 0; stopped: store_unavailable")
}

// One file is imported at a time, and users can sign in meanwhile.
func TestOneImportAtATime(t *testing.T) {
	s := &stopping{}
	w, _ := newImports(t, withStopping(s))
	b, _ := w.administrator("root")
	w.user("ann")
	s.made = func(ctx context.Context, n int) error {
		if n != 2 {
			return nil
		}
		b.sendFile("", "text/csv", numbered(1)).wants(t, 503, "import_running")
		w.browser().enter("ann", "right")
		return nil
	}
	if _, end := outcomes(t, b.sendFile("", "text/csv", numbered(3))); end["made"] != 3.0 {
		t.Errorf("%v", end)
	}
	s.made = nil
	if _, end := outcomes(t, b.sendFile("", "text/csv", numbered(4))); end["made"] != 1.0 {
		t.Errorf("the place is not free again: %v", end)
	}
}

// A row waits for a place while the pool of password hashing is full.
func TestImportWaitsForTheHashingPool(t *testing.T) {
	w, k := newImports(t)
	tries := 0
	a, err := accounts.New(accounts.Deps{Users: w.users, Sessions: w.shop,
		Passwords: busyKeeper{hashKeeper{k}, &tries}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := a.NewImporter(accounts.Actor{}, false).Row(t.Context(),
		&userfile.Row{Email: "ann@example.com", Password: "correct horse"})
	if err != nil || out.Result != accounts.OutcomeMade || tries != 2 {
		t.Errorf("%+v, %v after %d tries", out, err, tries)
	}
}

type busyKeeper struct {
	hashKeeper
	tries *int
}

func (k busyKeeper) MakePassword(ctx context.Context, u *store.User, password string) (store.Credential, error) {
	if *k.tries++; *k.tries == 1 {
		return store.Credential{}, method.ErrBusy
	}
	return k.hashKeeper.MakePassword(ctx, u, password)
}

// --- the page

// sendForm posts the form of the page with a file.
func (b *browser) sendForm(name, file string, fields ...string) page {
	b.w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = form.WriteField(fields[i], fields[i+1])
	}
	if name != "-" {
		part, _ := form.CreateFormFile("file", name)
		_, _ = io.WriteString(part, file)
	}
	_ = form.Close()
	r := b.form(importAt, nil)
	r.Body, r.ContentLength, r.GetBody = io.NopCloser(&body), int64(body.Len()), nil
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(r)
}

type shownImport struct {
	Name string
	Data struct {
		Sum    string
		Report *struct {
			Dry                                           bool
			Made, Exists, Refused, Total, More, StoppedAt int
			Rows                                          []struct {
				Line           int
				Email, Outcome string
				Why            *struct {
					ID   string
					Args map[string]any
				}
			}
		}
	}
}

func (p page) shownImport(t *testing.T) (s shownImport) {
	t.Helper()
	if err := json.Unmarshal([]byte(p.body), &s); err != nil || s.Name != "admin-import" {
		t.Fatalf("%v in %s", err, p.body)
	}
	return s
}

// The page shows the outcome of a dry run, then imports exactly that file.
func TestImportPageChecksBeforeItImports(t *testing.T) {
	w, _ := newImports(t)
	b, _ := w.administrator("root")
	b.get(importAt).wants(t, 200, `"Name":"admin-import"`)
	b.get(alone+"/admin?query=a&sort=name&after=").wants(t, 200, `"ExportCSV":"/.gatehouse/admin/export?format=csv`)
	p := b.sendForm("people.CSV", people, "do", "check")
	p.wants(t, 200, "")
	tried := p.shownImport(t).Data
	r := tried.Report
	if r == nil || !r.Dry || r.Made != 3 || r.Exists != 2 || r.Refused != 7 || r.Total != 12 || r.More != 0 ||
		tried.Sum == "" || w.count() != 1 {
		t.Fatalf("%s", p.body)
	}
	if first := r.Rows[0]; first.Outcome != "refused" || first.Line != 4 || first.Why.ID != "import_why" ||
		first.Why.Args["field"] != "email" {
		t.Errorf("the first row is %+v", first)
	}
	if strings.Contains(p.body, "correct horse") || strings.Contains(p.body, "$6$") {
		t.Error("the page holds what signs in")
	}
	// A file other than the one that was checked is checked first.
	b.sendForm("people.csv", numbered(3), "do", "import", "sum", tried.Sum).wants(t, 409, "import_unchecked")
	b.sendForm("people.csv", people, "do", "import").wants(t, 409, "import_unchecked")
	if w.count() != 1 {
		t.Fatal("it was imported unseen")
	}
	p = b.sendForm("people.csv", people, "do", "import", "sum", tried.Sum)
	p.wants(t, 200, "done_imported")
	if done := p.shownImport(t).Data; done.Report.Dry || done.Report.Made != 3 || done.Sum != "" || w.count() != 4 {
		t.Errorf("%s", p.body)
	}
	wantEvents(t, w, audit.EventUsersImported, "ok made 3, exists 2, refused 7")

	p = b.sendForm("people.csv", people, "do", "report")
	want := "line,email,outcome,code,field,reason\n2,Ann@Example.com,exists,user_exists,,there is an account with this address\n"
	if p.StatusCode != 200 || !strings.HasPrefix(p.body, want) || strings.Count(p.body, "\n") != 13 ||
		p.Header.Get("Content-Disposition") != `attachment; filename="import-report.csv"` {
		t.Errorf("%d %v %s", p.StatusCode, p.Header, p.body)
	}
	p = b.sendForm("people.csv", numbered(300), "do", "check")
	if s := p.shownImport(t).Data.Report; s.Made != 300 || len(s.Rows) != admin.ShownRows || s.More != 200 {
		t.Errorf("%d rows of %d, %d more", len(s.Rows), s.Total, s.More)
	}
}

func TestTheReportRunsNothingInASpreadsheet(t *testing.T) {
	w, _ := newImports(t)
	b, _ := w.administrator("root")
	p := b.sendForm("x.json", `[{"email":"=cmd()"},{"email":"+1\r\nx"}]`, "do", "report")
	if !strings.Contains(p.body, "\n1,'=cmd(),refused") || !strings.Contains(p.body, "\n2,'+1  x,refused") {
		t.Errorf("%s", p.body)
	}
}

func TestWhatTheFormOfAnImportCannotBe(t *testing.T) {
	w, _ := newImports(t)
	b, _ := w.administrator("root")
	b.sendForm("-", "", "do", "check").wants(t, 422, `"field":"file"`)
	b.sendForm("", "", "do", "check").wants(t, 422, `"file":`)
	b.sendForm("people.xlsx", "PK", "do", "check").wants(t, 422, `"field":"file"`)
	b.sendForm("people.csv", "mail\n", "do", "check").wants(t, 400, `"reason":"no_email"`)
	b.sendForm("people.csv", "email\n\"", "do", "check").wants(t, 400, "problem_unreadable_file")
	b.sendForm("people.csv", numbered(1), "do", "check", "do", "import").wants(t, 422, "problem_invalid_field")
	b.sendForm("people.csv", numbered(1), "roles", "admin").wants(t, 422, "problem_invalid_field")
	b.sendForm("people.csv", numbered(1), "sum", strings.Repeat("x", 200)).wants(t, 400, "problem_malformed")
	b.sendForm("people.csv", strings.Repeat("x", admin.MaxImportFile+1)).wants(t, 413, "problem_too_large")
	b.post(importAt, values("do", "import")).wants(t, 415, "problem_malformed")
	if w.count() != 1 {
		t.Errorf("%d accounts", w.count())
	}
}

func TestThePageOfImportsIsForFreshAdministratorsOnly(t *testing.T) {
	w, _ := newImports(t)
	member, _ := w.member("member")
	b, _ := w.administrator("root")
	for _, at := range []string{importAt, alone + "/admin/export?format=csv"} {
		member.get(at).wants(t, 403, "forbidden")
		if p := w.browser().get(at); p.url.Path != "/.gatehouse/login" {
			t.Errorf("%s leads to %s", at, p.url)
		}
	}
	member.sendForm("people.csv", numbered(1), "do", "check").wants(t, 403, "forbidden")
	if p := w.browser().sendForm("people.csv", numbered(1), "do", "check"); p.url.Path != "/.gatehouse/login" {
		t.Errorf("leads to %s", p.url)
	}
	r := b.form(importAt, nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	b.do(r).wants(t, 403, "cross_origin")
	w.pass(web.FreshFor)
	if p := b.get(importAt); p.url.Path != "/.gatehouse/login" {
		t.Errorf("leads to %s", p.url)
	}
	if p := b.sendForm("people.csv", numbered(1), "do", "check"); p.url.Path != "/.gatehouse/login" {
		t.Errorf("leads to %s", p.url)
	}
	at := b.get(alone + "/admin/export?format=json&query=member")
	if at.url.Path != "/.gatehouse/login" {
		t.Fatalf("leads to %s", at.url)
	}
	// Signing in again leads back to the file, with its filters.
	if p := b.signIn(at, "root", "right"); !strings.Contains(p.body, `"username":"member"`) ||
		strings.Contains(p.body, `"username":"root"`) {
		t.Errorf("%s %s", p.url, p.body)
	}
	if w.count() != 2 {
		t.Errorf("%d accounts", w.count())
	}
}
