package authportal

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

const apiBase = solo + "/.gatehouse/api/v1"

func TestTheAPIRefusesWhatItDoesNotTake(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	deep := `{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}"
	for _, tt := range []struct {
		method, path, contentType, body string
		status                          int
		code                            string
	}{
		{"GET", "/session", "", "", 401, "login_required"},
		{"POST", "/session", "application/json", "{}", 405, "method_not_allowed"},
		{"DELETE", "/session", "", "", 405, "method_not_allowed"},
		{"PUT", "/login", "application/json", "{}", 405, "method_not_allowed"},
		{"GET", "/logout", "", "", 405, "method_not_allowed"},
		{"GET", "/nothing", "", "", 404, "not_found"},
		{"GET", "", "", "", 404, "not_found"},
		{"POST", "/login/../logout", "application/json", "{}", 404, "not_found"},
		{"POST", "/login", "", `{"login":"ada","password":"right"}`, 415, "malformed"},
		{"POST", "/login", "text/plain", `{"login":"ada","password":"right"}`, 415, "malformed"},
		{"POST", "/login", "application/x-www-form-urlencoded", "login=ada&password=right", 415, "malformed"},
		{"POST", "/login", "application/json;;", `{}`, 415, "malformed"},
		{"POST", "/login", "application/json", "", 400, "malformed"},
		{"POST", "/login", "application/json", "null", 400, "malformed"},
		{"POST", "/login", "application/json", "[]", 400, "malformed"},
		{"POST", "/login", "application/json", `"x"`, 400, "malformed"},
		{"POST", "/login", "application/json", "{", 400, "malformed"},
		{"POST", "/login", "application/json", `{"login":"ada"} {"login":"bob"}`, 400, "malformed"},
		{"POST", "/login", "application/json", `{"login":["ada"],"password":"right"}`, 400, "malformed"},
		{"POST", "/login", "application/json", `{"login":"ada","password":{"$ne":""}}`, 400, "malformed"},
		{"POST", "/login", "application/json", `{"login":"ada","password":"right","remember":"yes"}`, 400, "malformed"},
		{"POST", "/login", "application/json", `{"login":"ada","password":"right","method":"telepathy"}`, 400, "malformed"},
		{"POST", "/login", "application/json", deep, 400, "malformed"},
		{"POST", "/login", "application/json", `{"login":"` + strings.Repeat("a", 70000) + `"}`, 413, "too_large"},
		{"POST", "/login", "application/json", `{}`, 401, "invalid_credentials"},
		{"POST", "/login", "application/json", `{"login":"","password":""}`, 401, "invalid_credentials"},
		{"POST", "/login", "application/json", `{"login":"a\u0000da","password":"right"}`, 401, "invalid_credentials"},
		{"POST", "/login", "application/json; charset=utf-8", `{"login":"ada","password":"right","later":[1]}`, 200, ""},
		{"POST", "/logout", "application/json", `{"everywhere":"no"}`, 400, "malformed"},
		{"POST", "/logout", "application/json", `{}`, 204, ""},
		{"POST", "/logout", "application/json", "", 204, ""},
		{"POST", "/logout", "", "", 204, ""},
		{"POST", "/logout", "application/x-www-form-urlencoded", "", 415, "malformed"},
	} {
		b := w.browser()
		r := b.apiRequest(tt.method, apiBase+tt.path, tt.body)
		r.Header.Del("Content-Type")
		if tt.contentType != "" {
			r.Header.Set("Content-Type", tt.contentType)
		}
		p := b.onceDo(r)
		if p.StatusCode != tt.status || p.code() != tt.code {
			t.Errorf("%s %s %.40q: got %d %s, want %d %s", tt.method, tt.path, tt.body, p.StatusCode, p.body, tt.status, tt.code)
		}
		if p.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s may be cached", tt.method, tt.path)
		}
		if p.StatusCode == 401 && p.Header.Get("WWW-Authenticate") != `Bearer realm="gatehouse"` {
			t.Errorf("%s %s: 401 with %q", tt.method, tt.path, p.Header.Get("WWW-Authenticate"))
		}
		if p.StatusCode == 405 && p.Header.Get("Allow") == "" {
			t.Errorf("%s %s: 405 without Allow", tt.method, tt.path)
		}
	}
}

func TestOnlyOriginsThatTheSiteNamesMayCall(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	b.tryLogin("ada", "right").wants(t, 200, "signed_in")
	call := func(method, origin, site string, more ...string) page {
		r := b.apiRequest(method, apiBase+"/session", "")
		r.Header.Set("Sec-Fetch-Site", site)
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		for i := 0; i+1 < len(more); i += 2 {
			r.Header.Set(more[i], more[i+1])
		}
		return b.onceDo(r)
	}
	for _, tt := range []struct{ origin, site string }{
		{"https://evil.example", "cross-site"}, {"https://app.example.org", "same-site"}, {"null", "cross-site"}, {"", "cross-site"},
		{"http://spa.example.org", "same-site"}, {"https://spa.example.org.evil.example", "cross-site"},
	} {
		p := call("GET", tt.origin, tt.site)
		if p.StatusCode != 403 || p.code() != "cross_origin" || p.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%+v: got %d %s", tt, p.StatusCode, p.body)
		}
	}
	if p := call("GET", "http://alone.example.org", ""); p.code() != "cross_origin" {
		t.Errorf("our own name over plain http: %d %s", p.StatusCode, p.body)
	}
	p := call("GET", "https://spa.example.org", "same-site")
	if p.StatusCode != 200 || p.Header.Get("Access-Control-Allow-Origin") != "https://spa.example.org" ||
		p.Header.Get("Access-Control-Allow-Credentials") != "true" || !strings.Contains(p.Header.Get("Vary"), "Origin") {
		t.Errorf("the named origin: %d %v", p.StatusCode, p.Header)
	}
	p = call("OPTIONS", "https://spa.example.org", "same-site", "Access-Control-Request-Method", "GET")
	if p.StatusCode != 204 || p.Header.Get("Access-Control-Allow-Methods") != "GET" || p.Header.Get("Access-Control-Allow-Origin") != "https://spa.example.org" {
		t.Errorf("preflight: %d %v", p.StatusCode, p.Header)
	}
	if p := call("OPTIONS", "https://evil.example", "cross-site", "Access-Control-Request-Method", "GET"); p.StatusCode != 403 || p.code() != "cross_origin" {
		t.Errorf("preflight of a stranger: %d %s", p.StatusCode, p.body)
	}
	if p := call("OPTIONS", "", "same-origin"); p.StatusCode != 204 || p.Header.Get("Allow") == "" {
		t.Errorf("OPTIONS: %d %v", p.StatusCode, p.Header)
	}
	// The same origin may not post forms: they are this site's own.
	r := b.form(solo+"/.gatehouse/logout", nil)
	r.Header.Set("Origin", "https://spa.example.org")
	r.Header.Set("Sec-Fetch-Site", "same-site")
	b.onceDo(r).wants(t, http.StatusForbidden, "cross_origin")
}

func TestSigningInAndOutByTheAPI(t *testing.T) {
	w := newWorld(t)
	u := w.user("ada")
	b := w.browser()
	p := b.api("GET", apiBase+"/login", "")
	p.wants(t, 200, `"methods":[{"name":"password","kind":"password","label":"password"}]`)
	at := b.get(solo + "/deep?x=1")
	to, _ := json.Marshal(at.url.Query().Get("to"))
	b.api("POST", apiBase+"/login", `{"login":"ada","password":"right","to":`+string(to)+`}`).wants(t, 200, `"location":"/deep?x=1"`)
	b.api("POST", apiBase+"/login", `{"login":"ada","password":"right","to":"/other?y"}`).wants(t, 200, `"location":"/other?y"`)
	b.api("POST", apiBase+"/login", `{"login":"ada","password":"right","to":"//evil.example"}`).wants(t, 200, `"location":"/"`)
	if p := b.api("POST", apiBase+"/login", `{"login":"ada","password":"right"}`); strings.Contains(p.body, "location") {
		t.Errorf("a location that nobody asked for: %s", p.body)
	}
	var got struct {
		User struct {
			ID, Username, Email string
			Roles               []string
			Attributes          map[string]any
		}
		Session struct {
			ID, Created, Expires string
			Methods              []string
			Remembered           bool
		}
	}
	p = b.api("GET", apiBase+"/session", "")
	if err := json.Unmarshal([]byte(p.body), &got); err != nil {
		t.Fatal(err)
	}
	if got.User.ID != u.ID || got.User.Email != "ada@example.com" || got.User.Roles == nil || got.User.Attributes == nil ||
		len(got.Session.ID) != 26 || got.Session.Created != "2026-11-23T12:00:00Z" || got.Session.Expires != "2026-11-24T00:00:00Z" ||
		len(got.Session.Methods) != 1 || got.Session.Methods[0] != "password" || got.Session.Remembered {
		t.Errorf("session: %s", p.body)
	}
	if p := b.api("POST", apiBase+"/logout", `{}`); p.StatusCode != 204 || b.cookie(solo, "__Host-gatehouse") != "" {
		t.Errorf("logout: %d", p.StatusCode)
	}
	b.api("GET", apiBase+"/session", "").wants(t, 401, "login_required")
	b.api("GET", apiBase+"/session", "").wants(t, 401, `"login_url":"/.gatehouse/login"`)
}

func TestSigningOutEverywhereEndsAllSignIns(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	home, work := w.browser(), w.browser()
	home.tryLogin("ada", "right")
	work.tryLogin("ada", "right")
	if p := home.api("POST", apiBase+"/logout", `{"everywhere":true}`); p.StatusCode != 204 {
		t.Fatalf("got %d", p.StatusCode)
	}
	work.api("GET", apiBase+"/session", "").wants(t, 401, "login_required")
}

func TestTheSessionOfAnAppNamesTheSignInAboveIt(t *testing.T) {
	w := newWorld(t)
	u := w.user("ada")
	b := w.browser()
	b.signIn(b.get(app+"/"), "ada", "right")
	list, err := w.shop.SessionsOf(t.Context(), u.ID)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	b.api("GET", app+"/.gatehouse/api/v1/session", "").wants(t, 200, `"id":"`+list[0].ID+`"`)
	if p := b.api("POST", app+"/.gatehouse/api/v1/logout", `{}`); p.StatusCode != 204 {
		t.Errorf("logout at the app: %d", p.StatusCode)
	}
	if got := b.get(auth + "/login"); !strings.Contains(got.url.Path, "/login") {
		t.Errorf("the portal's own session lives on: %s", got.url)
	}
}
