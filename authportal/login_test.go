package authportal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

func TestSigningInGivesANewSecret(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	w.user("eve")
	b := w.browser()
	// Session fixation: a planted cookie, unknown or the attacker's own, is not the session afterwards.
	planted := strings.Repeat("A", 43)
	b.setCookie(solo, "__Host-gatehouse", planted)
	b.signIn(b.get(solo+"/"), "ada", "right").wants(t, 200, "hello ada")
	if b.cookie(solo, "__Host-gatehouse") == planted {
		t.Error("the planted secret became a session")
	}
	evil := w.browser()
	evil.signIn(evil.get(solo+"/"), "eve", "right")
	old := evil.cookie(solo, "__Host-gatehouse")
	b.setCookie(solo, "__Host-gatehouse", old)
	b.signIn(page{url: mustURL(solo + "/.gatehouse/login")}, "ada", "right")
	b.get(solo+"/").wants(t, 200, "hello ada")
	if b.cookie(solo, "__Host-gatehouse") == old {
		t.Error("the planted session was kept")
	}
	if got := evil.get(solo + "/"); got.url.Path != "/.gatehouse/login" {
		t.Errorf("the replaced session is still valid: %s", got.body)
	}
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

func TestAnotherSiteCannotSignAPersonInOrOut(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	for _, h := range []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
		{"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://sibling.example.org"}},
		{"Origin": {"https://evil.example"}},
		{"Origin": {"null"}},
		{"Origin": {"http://alone.example.org"}}, // forged on the way, without Sec-Fetch-Site
	} {
		r := b.form(solo+"/.gatehouse/login", url.Values{"login": {"ada"}, "password": {"right"}})
		r.Header.Del("Sec-Fetch-Site")
		r.Header.Del("Origin")
		for k, v := range h {
			r.Header[k] = v
		}
		b.do(r).wants(t, 403, "cross_origin")
		if b.cookie(solo, "__Host-gatehouse") != "" {
			t.Fatalf("%v signed in", h)
		}
	}
	b.signIn(b.get(solo+"/"), "ada", "right").wants(t, 200, "hello")
	r := b.form(solo+"/.gatehouse/logout", url.Values{})
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	b.do(r).wants(t, 403, "cross_origin")
	b.get(solo+"/").wants(t, 200, "hello ada")
}

func TestForgedReturnURLIsNotFollowed(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	foreign := w.p.SignIn.LoginURL(&web.Visit{Site: w.sites["shop.example.net"], Host: "shop.example.net",
		Base: "/.gatehouse"}, "/cart", web.Demand{})
	other, err := w.keys.Seal(signin.SealFlow, []byte(`{"h":"alone.example.org","p":"/x","t":1795435200}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "garbage", other,
		strings.Repeat("x", 9000),
		mustURL(foreign).Query().Get("to")} {
		b := w.browser()
		f := url.Values{"login": {"ada"}, "password": {"right"}, "to": {to}}
		p := b.onceDo(b.form(solo+"/.gatehouse/login", f))
		where := p.Header.Get("Location")
		if p.StatusCode != 303 || where != "/.gatehouse/account" && where != "/" {
			t.Errorf("to=%.30q: got %d to %q", to, p.StatusCode, where)
		}
		if got := w.browser().once(solo + "/.gatehouse/login?to=" + url.QueryEscape(to)); got.StatusCode != 200 {
			t.Errorf("to=%.30q: the page answers %d", to, got.StatusCode)
		}
	}
}

// An expired return URL does not prevent the sign-in.
func TestExpiredReturnURLLeadsToTheAccount(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	at := b.get(solo + "/deep")
	w.pass(25 * time.Hour)
	f := url.Values{"login": {"ada"}, "password": {"right"}, "to": {at.url.Query().Get("to")}}
	p := b.onceDo(b.form(solo+"/.gatehouse/login", f))
	if p.StatusCode != 303 || p.Header.Get("Location") != "/.gatehouse/account" {
		t.Errorf("got %d to %q", p.StatusCode, p.Header.Get("Location"))
	}
}

func TestFreshRuleAsksForSignInAgain(t *testing.T) {
	for _, host := range []string{app, solo} {
		w := newWorld(t)
		u := w.user("ada")
		b := w.browser()
		b.signIn(b.get(host+"/"), "ada", "right").wants(t, 200, "hello ada")
		b.get(host+"/fresh").wants(t, 200, "hello ada")
		w.pass(11 * time.Minute)
		b.get(host+"/").wants(t, 200, "hello ada")
		before := b.cookie(host, "__Host-gatehouse")
		at := b.get(host + "/fresh?x=1")
		if at.url.Path != "/login" && at.url.Path != "/.gatehouse/login" ||
			!strings.Contains(at.body, `"FixedLogin":"ada"`) {
			t.Fatalf("%s: ended at %s: %s", host, at.url, at.body)
		}
		b.signIn(at, "ada", "wrong").wants(t, 401, "invalid_credentials")
		b.signIn(at, "ada", "right").wants(t, 200, "hello ada at "+mustURL(host).Host+"/fresh?x=1")
		if b.cookie(host, "__Host-gatehouse") == before {
			t.Errorf("%s: the proof gave no new secret", host)
		}
		old := w.browser()
		old.setCookie(host, "__Host-gatehouse", before)
		if got := old.get(host + "/"); strings.Contains(got.body, "hello") {
			t.Errorf("%s: the secret from before the proof still opens the session", host)
		}
		if list, err := w.shop.SessionsOf(t.Context(), u.ID); err != nil || len(list) != 1 {
			t.Errorf("%s: %d sign-ins (%v), want the same one", host, len(list), err)
		}
	}
}

// An account without a second factor gets an error page instead of redirects between gate and portal.
func TestMFARuleWithoutASecondFactorDoesNotLoop(t *testing.T) {
	for _, host := range []string{app, solo} {
		w := newWorld(t)
		w.user("ada")
		b := w.browser()
		b.signIn(b.get(host+"/mfa"), "ada", "right").wants(t, 403, "second_factor_required")
		b.get(host+"/mfa").wants(t, 403, "second_factor_required")
		b.get(host+"/").wants(t, 200, "hello ada")
	}
}

func TestOnlyARememberedSessionOutlivesTheBrowser(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	set := func(f url.Values) string {
		b := w.browser()
		f.Set("login", "ada")
		f.Set("password", "right")
		p := b.onceDo(b.form(solo+"/.gatehouse/login", f))
		for _, c := range p.Header["Set-Cookie"] {
			if strings.HasPrefix(c, "__Host-gatehouse=") {
				return c
			}
		}
		return ""
	}
	got := set(url.Values{})
	if !strings.HasSuffix(got, "; Path=/; HttpOnly; Secure; SameSite=Lax") {
		t.Errorf("not remembered: %s", got)
	}
	if got := set(url.Values{"remember": {"1"}}); !strings.Contains(got, "; Max-Age=2592000;") {
		t.Errorf("remembered: %s", got)
	}
}

// Sessions end after the idle time, and after their lifetime even if they are used all the time.
func TestSessionIdleAndAbsoluteDeadlines(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	b.signIn(b.get(solo+"/"), "ada", "right").wants(t, 200, "hello")
	w.pass(31 * time.Minute)
	if got := b.get(solo + "/"); got.url.Path != "/.gatehouse/login" {
		t.Errorf("idle: %s", got.body)
	}
	b.signIn(b.get(solo+"/"), "ada", "right").wants(t, 200, "hello")
	for range 23 { // eleven and a half hours, never idle
		w.pass(29 * time.Minute)
		b.api("GET", apiBase+"/session", "").wants(t, 200, "ada")
	}
	w.pass(29 * time.Minute)
	b.api("GET", apiBase+"/session", "").wants(t, 200, "ada")
	w.pass(29 * time.Minute)
	b.api("GET", apiBase+"/session", "").wants(t, 401, "login_required")

	b.signIn(b.get(solo+"/"), "ada", "right", "remember", "1").wants(t, 200, "hello")
	w.pass(30*24*time.Hour - time.Second)
	b.api("GET", apiBase+"/session", "").wants(t, 200, `"remembered":true`)
	w.pass(time.Second)
	b.api("GET", apiBase+"/session", "").wants(t, 401, "login_required")
}

func TestSigningInOverPlainHTTPIsForLoopbackOnly(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	b.get("http://plain.example.org/.gatehouse/login").wants(t, 403, "https_required")
	p := b.api("POST", "http://plain.example.org/.gatehouse/api/v1/login", `{"login":"ada","password":"right"}`)
	if p.StatusCode != 403 || p.code() != "https_required" {
		t.Errorf("got %d %s", p.StatusCode, p.body)
	}
	b.signIn(b.get("http://localhost/"), "ada", "right").wants(t, 200, "hello ada at localhost")
	if b.cookie("http://localhost/", "gatehouse") == "" {
		t.Error("no plain cookie")
	}
	w = newWorld(t, func(c *Config) { c.Settings.AllowHTTP = true })
	w.user("ada")
	b = w.browser()
	b.signIn(b.get("http://plain.example.org/"), "ada", "right").wants(t, 200, "hello ada")
	b.get("http://app.example.com/x").wants(t, 200, "") // redirected to the portal over https
}

func TestSessionCookieIsUselessAtAnotherHost(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	b.signIn(b.get(solo+"/"), "ada", "right").wants(t, 200, "hello")
	b.setCookie(shop, "__Host-gatehouse", b.cookie(solo, "__Host-gatehouse"))
	if got := b.get(shop + "/"); got.url.Path != "/login" {
		t.Errorf("let in: %s", got.body)
	}
}

func TestPagesHaveSecurityHeaders(t *testing.T) {
	set, err := pages.New(pages.Brand{})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(c *Config) { c.Pages = set })
	w.user("ada")
	b := w.browser()
	for _, path := range []string{"/login", "/logout", "/callback", "/nothing", "/jwks.json", "/api/v1/session",
		"/account", "/"} {
		p := b.once(solo + "/.gatehouse" + path)
		csp := p.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "default-src 'none'") ||
			p.Header.Get("X-Content-Type-Options") != "nosniff" || p.Header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, p.Header)
		}
		if path != "/jwks.json" && p.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached: %q", path, p.Header.Get("Cache-Control"))
		}
		if p.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s is shared with other origins", path)
		}
		// Chromium follows form-action through redirects: the login form may end at another host.
		if path == "/login" && strings.Contains(csp, "form-action") {
			t.Errorf("%s: %s", path, csp)
		}
		if path == "/logout" && !strings.Contains(csp, "form-action 'self'") {
			t.Errorf("%s: %s", path, csp)
		}
	}
}

func TestNothingIsStoredForUnauthenticatedVisitors(t *testing.T) {
	w := newWorld(t)
	w.shop.created = func() { t.Error("a session was stored") }
	for range 20 {
		b := w.browser()
		b.get(app + "/x")
		b.get(solo + "/y")
		if n := len(b.jar.Cookies(mustURL(solo))); n != 0 {
			t.Errorf("%d cookies at a hosted site", n)
		}
		if n := len(b.jar.Cookies(mustURL(app))); n != 1 {
			t.Errorf("%d cookies at the app, want the flow cookie", n)
		}
	}
}

func TestNoSecretReachesTheLogs(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	b.signIn(b.get(app+"/"), "canary-typed-as-login", "canary-password")
	b.signIn(b.get(app+"/"), "ada", "right")
	logs := w.logs.String()
	for _, s := range []string{"canary", b.cookie(app, "__Host-gatehouse"), b.cookie(auth, "__Host-gatehouse"),
		b.cookie(app, "__Host-gatehouse-flow"),
		b.cookie(auth, "__Host-gatehouse-known"), "right"} {
		if s == "" || strings.Contains(logs, s) {
			t.Errorf("%q is in the logs, or was not given: %s", s, logs)
		}
	}
	if got := w.eventsOf(audit.EventSignIn); len(got) != 2 || got[0].Result != audit.ResultRefused ||
		got[1].Result != audit.ResultOK || got[1].Username != "ada" || got[1].Address != "192.0.2.1" {
		t.Errorf("events %+v", got)
	}
}
