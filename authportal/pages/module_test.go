package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// gate answers the API as the portal would, and keeps the requests.
type gate struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

// newGate serves the module and an API below base, for pages of its own origin and of any other.
func newGate(t *testing.T, set *Set, base string, answers map[string]string) *gate {
	t.Helper()
	g := &gate{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ours := strings.CutPrefix(r.URL.Path, base)
		call, api := strings.CutPrefix(path, "/api/v1/")
		if o := r.Header.Get("Origin"); o != "" && r.Host != strings.TrimPrefix(o, "http://") {
			w.Header().Set("Access-Control-Allow-Origin", o)
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
			w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
		}
		switch {
		case r.Method == http.MethodOptions:
		case ours && api:
			body, _ := io.ReadAll(r.Body)
			cookie := ""
			if c, err := r.Cookie("who"); err == nil {
				cookie = " as " + c.Value
			}
			g.mu.Lock()
			g.asked = append(g.asked, fmt.Sprintf("%s %s%s %s", r.Method, call, cookie, body))
			g.mu.Unlock()
			status, answer := http.StatusNoContent, answers[r.Method+" "+call]
			if answer != "" {
				if _, err := fmt.Sscan(answer, &status); err != nil {
					t.Error(err)
				}
				answer = answer[4:]
			}
			if status == http.StatusTooManyRequests {
				w.Header().Set("Retry-After", "90")
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, answer)
		case ours && path == "/gatehouse.js":
			r.URL.Path = path
			set.Assets().ServeHTTP(w, r)
		default:
			http.SetCookie(w, &http.Cookie{Name: "who", Value: "ada", Path: "/"})
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<!doctype html><title>app</title>")
		}
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gate) take() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	asked := strings.Join(g.asked, "\n")
	g.asked = nil
	return strings.TrimSpace(asked)
}

// run imports the module and returns the value of an expression over it, as JSON; errors as their parts.
func run(t *testing.T, ctx context.Context, module, expression string) string {
	t.Helper()
	return evaluate(t, ctx, fmt.Sprintf(`import(%q).then(async (g) => { try { return JSON.stringify((await (%s)) ?? 'nothing') }
		catch (e) { return JSON.stringify({ is: e instanceof g.GatehouseError, code: e.code, status: e.status, fields: e.fields, after: e.retryAfter }) } })`, module, expression))
}

func TestTheModuleSpeaksTheAPI(t *testing.T) {
	ctx := chromium(t)
	set := newSet(t, Brand{})
	for _, base := range []string{"/.gatehouse", "/pub/.gatehouse", ""} {
		g := newGate(t, set, base, map[string]string{
			"GET session": `200 {"user":{"username":"ada"},"session":{"id":"s1"}}`,
			"GET login":   `200 {"methods":[]}`, "POST login": `200 {"status":"signed_in","location":"/x"}`,
			"POST login/link": `202 {"status":"sent"}`, "POST login/link/finish": `200 {"status":"signed_in"}`,
			"POST signup": `201 {"status":"signed_in"}`, "POST password/change": `200 {"status":"changed"}`,
			"GET account": `200 {"confirmed":true}`, "PATCH account": `200 {"name":"A"}`, "GET sessions": `200 {"sessions":[{"id":"s1"}]}`,
		})
		visit(t, ctx, g.URL+"/app/page?x=1#y")
		module := g.URL + base + "/gatehouse.js"
		for _, tt := range []struct{ expression, want, asked string }{
			{`g.getUser()`, `{"username":"ada"}`, `GET session as ada`},
			{`g.session()`, `{"user":{"username":"ada"},"session":{"id":"s1"}}`, `GET session as ada`},
			{`g.loginMethods()`, `{"methods":[]}`, `GET login as ada`},
			{`g.login({ login: 'ada', password: 'p w', remember: true, to: undefined })`, `{"status":"signed_in","location":"/x"}`,
				`POST login as ada {"login":"ada","password":"p w","remember":true}`},
			{`g.sendLoginLink({ email: 'a@b', to: '/x' })`, `"nothing"`, `POST login/link as ada {"email":"a@b","to":"/x"}`},
			{`g.loginByLink({ code: '123456' })`, `{"status":"signed_in"}`, `POST login/link/finish as ada {"code":"123456"}`},
			{`g.signup({ email: 'a@b', password: 'p', company: 'c', name: null })`, `{"status":"signed_in"}`,
				`POST signup as ada {"email":"a@b","password":"p","company":"c"}`},
			{`g.logout()`, `"nothing"`, `POST logout as ada {"everywhere":false}`},
			{`g.logout({ everywhere: true })`, `"nothing"`, `POST logout as ada {"everywhere":true}`},
			{`g.changePassword({ current: 'a', password: 'b' })`, `"nothing"`, `POST password/change as ada {"current":"a","password":"b"}`},
			{`g.account()`, `{"confirmed":true}`, `GET account as ada`},
			{`g.updateAccount({ name: 'A' })`, `{"name":"A"}`, `PATCH account as ada {"name":"A"}`},
			{`g.sessions()`, `[{"id":"s1"}]`, `GET sessions as ada`},
			{`g.endSession('a/b')`, `"nothing"`, `DELETE sessions/a/b as ada`},
			{`g.endOtherSessions()`, `"nothing"`, `DELETE sessions as ada`},
			{`g.loginURL()`, quoted(g.URL + base + "/login?to=%2Fapp%2Fpage%3Fx%3D1"), ``},
			{`g.loginURL('/b?c=d&e')`, quoted(g.URL + base + "/login?to=%2Fb%3Fc%3Dd%26e"), ``},
			{`g.signupURL('/b')`, quoted(g.URL + base + "/signup?to=%2Fb"), ``},
			{`g.logoutURL()`, quoted(g.URL + base + "/logout"), ``},
			{`g.accountURL()`, quoted(g.URL + base + "/account"), ``},
		} {
			if got, asked := run(t, ctx, module, tt.expression), g.take(); got != tt.want || asked != tt.asked {
				t.Errorf("%s below %q: %s\nasked %q, want %s\nand %q", tt.expression, base, got, asked, tt.want, tt.asked)
			}
		}
	}
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return strings.ReplaceAll(string(b), `\u0026`, "&")
}

func TestTheModuleThrowsWhatTheGateSays(t *testing.T) {
	ctx := chromium(t)
	g := newGate(t, newSet(t, Brand{}), "/.gatehouse", map[string]string{
		"GET session":          `401 {"code":"login_required"}`,
		"POST login":           `429 {"code":"too_many_attempts"}`,
		"POST signup":          `422 {"code":"password_not_acceptable","reason":"too_short"}`,
		"PATCH account":        `422 {"code":"invalid_field","field":"name","detail":"name is too long"}`,
		"GET sessions":         `502 <html>bad gateway</html>`,
		"POST password/change": `503 {}`,
	})
	visit(t, ctx, g.URL+"/")
	module := g.URL + "/.gatehouse/gatehouse.js"
	for expression, want := range map[string]string{
		`g.getUser()`:                            `"nothing"`,
		`g.session()`:                            `"nothing"`,
		`g.login({ login: 'a', password: 'b' })`: `{"is":true,"code":"too_many_attempts","status":429,"fields":{},"after":90}`,
		`g.signup({})`:                           `{"is":true,"code":"password_not_acceptable","status":422,"fields":{"password":"too_short"}}`,
		`g.updateAccount({ name: 'x' })`:         `{"is":true,"code":"invalid_field","status":422,"fields":{"name":"name is too long"}}`,
		`g.sessions()`:                           `{"is":true,"code":"unexpected_answer","status":502,"fields":{}}`,
		`g.changePassword({ current: '', password: '' })`: `{"is":true,"code":"unexpected_answer","status":503,"fields":{}}`,
	} {
		if got := run(t, ctx, module, expression); got != want {
			t.Errorf("%s: %s, want %s", expression, got, want)
		}
	}
	g.CloseClientConnections()
	g.Close()
	if got, want := evaluate(t, ctx, `g_closed = import(`+quoted(module)+`).then((g) => g.getUser()).catch((e) => e.code + e.status)`), "network0"; got != want {
		t.Errorf("without a server: %s", got)
	}
}

// A page of another origin sends our cookie along, as `cors` allows it to, and knows no address of its own to come back
// to.
func TestTheModuleOfAnotherOrigin(t *testing.T) {
	ctx := chromium(t)
	set := newSet(t, Brand{})
	g := newGate(t, set, "/.gatehouse", map[string]string{"GET session": `200 {"user":{"username":"ada"}}`, "POST login": `200 {"status":"signed_in"}`})
	app := newGate(t, set, "/nothing", nil)
	visit(t, ctx, app.URL+"/page")
	module := g.URL + "/.gatehouse/gatehouse.js"
	for expression, want := range map[string][2]string{
		`g.getUser()`:             {`{"username":"ada"}`, `GET session as ada`}, // cookies know no ports
		`g.login({ login: 'a' })`: {`{"status":"signed_in"}`, `POST login as ada {"login":"a"}`},
		`g.loginURL()`:            {quoted(g.URL + "/.gatehouse/login"), ``},
	} {
		if got, asked := run(t, ctx, module, expression), g.take(); got != want[0] || asked != want[1] {
			t.Errorf("%s: %s, asked %q", expression, got, asked)
		}
	}
}

// The page for developers names every function, and no other.
func TestTheModuleIsDocumented(t *testing.T) {
	src, err := fs.ReadFile(files, "assets/"+moduleFile)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/gatehouse-js.md")
	if err != nil {
		t.Fatal(err)
	}
	exported := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^export (?:async )?(?:function|class) (\w+)`).FindAllSubmatch(src, -1) {
		exported[string(m[1])] = true
	}
	if len(exported) < 15 {
		t.Fatalf("only %v is exported", exported)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)\\(").FindAllSubmatch(doc, -1) {
		named[string(m[1])] = true
		if !exported[string(m[1])] {
			t.Errorf("%s is documented and not there", m[1])
		}
	}
	for name := range exported {
		if name != "GatehouseError" && !named[name] {
			t.Errorf("%s is not documented", name)
		}
	}
	if strings.Contains(string(src), "innerHTML") || strings.Contains(string(src), "localStorage") {
		t.Error("the module writes HTML or keeps something")
	}
}
