package authportal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

func TestOwnLoginPageGetsTheSealedReturnURL(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	w.sites["alone.example.org"].LoginPage = "/welcome"
	v := &web.Visit{Site: w.sites["alone.example.org"], Host: "alone.example.org", Base: "/.gatehouse"}
	at := w.p.SignIn.LoginURL(v, "/deep?x=1", web.Demand{})
	if !strings.HasPrefix(at, "/welcome?to=") || strings.Contains(at, "deep") {
		t.Fatalf("got %s", at)
	}
	b := w.browser()
	to := mustURL(at).Query().Get("to")
	b.api("POST", loginCall, `{"login":"ada","password":"right","to":"`+to+`"}`).wants(t, 200, `"location":"/deep?x=1"`)
	// The app's page may also post a form.
	b = w.browser()
	b.post(solo+"/.gatehouse/login", url.Values{"login": {"ada"}, "password": {"right"}, "to": {to}}).wants(t, 200, "hello ada at alone.example.org/deep?x=1")
}

func TestLinksIncludeTheStrippedPrefix(t *testing.T) {
	w := newWorld(t)
	site := &web.Site{Base: "/.gatehouse", Hosted: true}
	v := &web.Visit{Site: site, Host: "alone.example.org", Base: "/pub/.gatehouse"}
	if at := w.p.SignIn.LoginURL(v, "/pub/x", web.Demand{}); !strings.HasPrefix(at, "/pub/.gatehouse/login?to=") {
		t.Errorf("got %s", at)
	}
	site.LoginPage = "/welcome"
	if at := w.p.SignIn.LoginURL(v, "/pub/x", web.Demand{}); !strings.HasPrefix(at, "/pub/welcome?to=") {
		t.Errorf("got %s", at)
	}
}

func TestDemandIsSealedInTheLoginURL(t *testing.T) {
	w := newWorld(t)
	v := &web.Visit{Site: w.sites["alone.example.org"], Host: "alone.example.org", Base: "/.gatehouse"}
	for _, d := range []web.Demand{{}, {MFA: true}, {Fresh: time.Millisecond}, {MFA: true, Fresh: 10 * time.Minute}} {
		var g signin.ReturnTo
		if !w.p.SignIn.Unseal(signin.SealTo, mustURL(w.p.SignIn.LoginURL(v, "/x", d)).Query().Get("to"), &g) || g.To != "/x" || g.Host != v.Host {
			t.Fatalf("%+v: %+v", d, g)
		}
		if got := g.Demand(); got.MFA != d.MFA || (got.Fresh > 0) != (d.Fresh > 0) || got.Fresh < d.Fresh {
			t.Errorf("sealed %+v, opened %+v", d, got)
		}
	}
}

func TestGateWithAPortalRedirectsItsPages(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for path, want := range map[string]string{
		"/login": auth + "/login?flow=", "/signup": auth + "/signup?flow=", "/account": auth + "/account", "/logout": auth + "/logout",
		"/setup?token=secret": auth + "/setup",
	} {
		p := b.once(app + "/.gatehouse" + path)
		if p.StatusCode != 302 || !strings.HasPrefix(p.Header.Get("Location"), want) || strings.Contains(p.Header.Get("Location"), "secret") {
			t.Errorf("%s: %d to %q", path, p.StatusCode, p.Header.Get("Location"))
		}
	}
}

func TestRootRedirectsToAccountOrLogin(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	if p := b.once(auth + "/"); p.Header.Get("Location") != "/login" {
		t.Errorf("signed out: %q", p.Header.Get("Location"))
	}
	if p := b.onceDo(b.form(auth+"/login", url.Values{"login": {"ada"}, "password": {"right"}})); p.Header.Get("Location") != "/account" {
		t.Errorf("after signing in: %q", p.Header.Get("Location"))
	}
	for _, path := range []string{"/", "/login"} {
		if p := b.once(auth + path); p.Header.Get("Location") != "/account" {
			t.Errorf("signed in, %s: %q", path, p.Header.Get("Location"))
		}
	}
}

func TestFormsAreRefusedByTypeAndSize(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	r := b.form(solo+"/.gatehouse/login", url.Values{"login": {"ada"}, "password": {"right"}})
	r.Header.Set("Content-Type", "text/plain")
	b.do(r).wants(t, http.StatusUnsupportedMediaType, "malformed")
	b.post(solo+"/.gatehouse/login", url.Values{"login": {strings.Repeat("a", 70000)}}).wants(t, http.StatusRequestEntityTooLarge, "too_large")
	// The query of a form's URL is not read as fields: URLs end up in logs.
	b.post(solo+"/.gatehouse/login?login=ada&password=right", url.Values{}).wants(t, 401, "invalid_credentials")
	for _, m := range []string{"PUT", "DELETE", "PATCH", "OPTIONS"} {
		r := b.form(solo+"/.gatehouse/login", nil)
		r.Method = m
		if p := b.onceDo(r); p.StatusCode != 405 || p.Header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: %d %q", m, p.StatusCode, p.Header.Get("Allow"))
		}
	}
}

// A refused form keeps its values, except the password.
func TestRefusedFormKeepsItsValues(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	at := b.get(solo + "/x")
	p := b.signIn(at, "ada", "canary-password", "remember", "1")
	p.wants(t, 401, `"Values":{"login":"ada","remember":"1"}`)
	if strings.Contains(p.body, "canary") || p.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%v %s", p.Header, p.body)
	}
	if !strings.Contains(p.body, at.url.Query().Get("to")) {
		t.Error("the return URL was lost")
	}
}

func TestSecretsInURLsAreKnown(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]bool{"/callback": true, "/callback/": true, "/setup": true, "/confirm": true, "/reset": true, "/signup": true, "/email": true, "/email/undo": true, "/login": false, "/api/v1/session": false, "": false} {
		if w.p.Web.SecretInURL(path) != want {
			t.Errorf("SecretInURL(%q) = %v", path, !want)
		}
	}
	for location, want := range map[string]bool{"https://app.example.org/.gatehouse/callback?code=x": true, "/pub/.gatehouse/callback?code=x": true,
		"/.gatehouse/login?to=x": false, "/callback?x=code=": false, "/page?code=x": false, "": false} {
		if web.SecretInRedirect(location) != want {
			t.Errorf("SecretInRedirect(%q) = %v", location, !want)
		}
	}
}
