package authportal

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	app  = "https://app.example.com"
	shop = "https://shop.example.net"
	auth = "https://auth.example.com"
	solo = "https://alone.example.org"
)

func TestHostsOfUnrelatedDomainsShareOneSignIn(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	at := b.get(app + "/reports?year=2026&q=a%2Fb")
	if at.url.Host != "auth.example.com" || at.url.Path != "/login" {
		t.Fatalf("led to %s, want the portal's login page", at.url)
	}
	b.signIn(at, "ada", "right").wants(t, 200, "hello ada at app.example.com/reports?year=2026&q=a%2Fb")
	b.get(shop+"/cart").wants(t, 200, "hello ada at shop.example.net/cart")
	b.get(app+"/next").wants(t, 200, "hello ada at app.example.com/next")
	for _, a := range []string{app, shop, auth} {
		if b.cookie(a, "__Host-gatehouse") == "" {
			t.Errorf("no session cookie at %s", a)
		}
	}
	if b.cookie(app, "__Host-gatehouse") == b.cookie(auth, "__Host-gatehouse") {
		t.Error("portal and app share a secret")
	}
}

func TestSeveralTabsSignInAtOnceAndAllArrive(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	tabs := []page{b.get(app + "/a?x=1"), b.get(app + "/b?y=2"), b.get(shop + "/c?z=3"), b.get(app + "/d")}
	marks := b.cookie(app, "__Host-gatehouse-flow")
	for i, want := range []string{"app.example.com/a?x=1", "app.example.com/b?y=2", "shop.example.net/c?z=3",
		"app.example.com/d"} {
		b.signIn(tabs[i], "ada", "right").wants(t, 200, "hello ada at "+want)
	}
	if got := b.cookie(app, "__Host-gatehouse-flow"); got != marks {
		t.Error("the flow cookie changed between tabs")
	}
	for _, a := range []string{app, shop} {
		b.get(a+"/after").wants(t, 200, "hello ada")
	}
}

func TestTabsThatFinishAtTheSameMomentAllArrive(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	var tabs []page
	for range 6 {
		tabs = append(tabs, b.get(app+"/page"))
	}
	var wg sync.WaitGroup
	for _, tab := range tabs {
		wg.Go(func() {
			// A tab is a separate client with the same cookies.
			c := &browser{w: w, jar: b.jar}
			client := *b.client
			client.Transport = c
			c.client = &client
			if got := c.signIn(tab, "ada", "right"); !strings.Contains(got.body, "hello ada") {
				t.Errorf("ended at %s with %q; trail %q", got.url, got.body, c.trail)
			}
		})
	}
	wg.Wait()
}

// codeURL signs in and returns the callback's address without visiting it.
func codeURL(t *testing.T, b *browser, target string) string {
	t.Helper()
	at := b.get(target)
	f := url.Values{"login": {"ada"}, "password": {"right"}, "flow": {at.url.Query().Get("flow")}}
	r := b.form(auth+"/login", f)
	p := b.onceDo(r)
	to := p.Header.Get("Location")
	if p.StatusCode != 303 || !strings.Contains(to, "/.gatehouse/callback?code=") {
		t.Fatalf("got %d to %q, want 303 to the callback", p.StatusCode, to)
	}
	return to
}

// A stolen code opens nothing in another browser, and still works in its own.
func TestStolenCodeIsUselessAndNotUsedUp(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	ada, eve := w.browser(), w.browser()
	callback := codeURL(t, ada, app+"/private")

	got := eve.get(callback)
	if got.url.Host != "auth.example.com" || got.url.Path != "/login" {
		t.Errorf("the thief ended at %s, want a new sign-in", got.url)
	}
	if eve.cookie(app, "__Host-gatehouse") != "" {
		t.Error("the thief has a session")
	}
	ada.get(callback).wants(t, 200, "hello ada at app.example.com/private")
}

// Login CSRF: a code of the attacker's account, opened by a victim, does not sign the victim in to it.
func TestPlantedCodeDoesNotSignInAsTheAttacker(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	w.user("bob")
	eve, bob := w.browser(), w.browser() // the attacker has an account too: ada
	callback := codeURL(t, eve, app+"/")
	bob.signIn(bob.get(app+"/mine"), "bob", "right").wants(t, 200, "hello bob")
	bob.get(callback).wants(t, 200, "hello bob")
}

func TestAReplayedCodeOpensNothing(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	callback := codeURL(t, b, app+"/private")
	b.get(callback).wants(t, 200, "hello ada")
	first := b.cookie(app, "__Host-gatehouse")
	b.get(callback).wants(t, 200, "hello ada at app.example.com/private") // reloading is not an error
	if b.cookie(app, "__Host-gatehouse") != first {
		t.Error("a used code changed the session")
	}
	// With the flow cookie but without the session, the code must not open another one.
	thief := w.browser()
	thief.setCookie(app, "__Host-gatehouse-flow", b.cookie(app, "__Host-gatehouse-flow"))
	if got := thief.get(callback); got.url.Path != "/login" || thief.cookie(app, "__Host-gatehouse") != "" {
		t.Errorf("ended at %s with cookie %q", got.url, thief.cookie(app, "__Host-gatehouse"))
	}
}

func TestACodeLivesForAMinute(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	callback := codeURL(t, b, app+"/late")
	w.pass(61 * time.Second)
	p := b.once(callback)
	if !strings.HasPrefix(p.Header.Get("Location"), "/.gatehouse/login?to=") ||
		b.cookie(app, "__Host-gatehouse") != "" {
		t.Errorf("got %d to %q, want a new sign-in", p.StatusCode, p.Header.Get("Location"))
	}
	// The portal still has the session, so starting again needs no second password.
	b.get(callback).wants(t, 200, "hello ada at app.example.com/late")
}

func TestACodeOfAnotherHostOpensNothingHere(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	callback := codeURL(t, b, app+"/private")
	b.setCookie(shop, "__Host-gatehouse-flow", b.cookie(app, "__Host-gatehouse-flow"))
	elsewhere := strings.Replace(callback, app, shop, 1)
	p := b.once(elsewhere)
	if b.cookie(shop, "__Host-gatehouse") != "" || p.StatusCode != 302 {
		t.Errorf("got %d %q and cookie %q", p.StatusCode, p.Header.Get("Location"), b.cookie(shop, "__Host-gatehouse"))
	}
	b.get(callback).wants(t, 200, "hello ada")
}

func TestOfManyCallbacksAtOnceOneOpensASession(t *testing.T) {
	w := newWorld(t)
	u := w.user("ada")
	b := w.browser()
	callback := codeURL(t, b, app+"/private")
	mark := b.cookie(app, "__Host-gatehouse-flow")
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 32 {
		c := w.browser() // the same browser with its cookies before the first response
		c.setCookie(app, "__Host-gatehouse-flow", mark)
		wg.Go(func() {
			c.once(callback)
			if c.cookie(app, "__Host-gatehouse") != "" {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d of 32 won, want 1", won)
	}
	if list, err := w.shop.SessionsOf(t.Context(), u.ID); err != nil || len(list) != 1 {
		t.Errorf("%d sign-ins (%v), want 1", len(list), err)
	}
}

// A browser that stores no cookies gets an error page instead of endless redirects.
func TestBrowserWithoutCookiesDoesNotLoop(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	at := b.get(app + "/private")
	// The portal's cookies stay; those of the app are lost at every step.
	b.client.Jar = forgetful{b.jar, "app.example.com"}
	got := b.signIn(at, "ada", "right")
	got.wants(t, 400, "sign_in_broken")
	if len(b.trail) > 8 {
		t.Errorf("took %d steps: %q", len(b.trail), b.trail)
	}
}

func TestGarbageCodeStartsSignInAgain(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	for _, code := range []string{"", "x", strings.Repeat("A", 100), strings.Repeat("A", 20000)} {
		b := w.browser()
		got := b.get(app + "/.gatehouse/callback?code=" + code)
		if got.url.Host != "auth.example.com" || got.url.Path != "/login" {
			t.Errorf("code %.20q ended at %s with %d", code, got.url, got.StatusCode)
		}
		b.signIn(got, "ada", "right").wants(t, 200, "hello ada at app.example.com/")
	}
}

func TestFlowOutlivesItsCookie(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	at := b.get(app + "/long?lunch=1")
	w.pass(3 * time.Hour)
	b.signIn(at, "ada", "right").wants(t, 200, "hello ada at app.example.com/long?lunch=1")
}

func TestPortalAndGateOfOneHostShareTheSession(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	at := b.get("https://both.example.com/page?x=1")
	if at.url.Path != "/auth/login" {
		t.Fatalf("led to %s", at.url)
	}
	b.signIn(at, "ada", "right").wants(t, 200, "hello ada at both.example.com/page?x=1")
	for _, u := range b.trail {
		if strings.Contains(u, "callback") {
			t.Errorf("a hand-off within one host: %s", u)
		}
	}
}

// Signing out at any host ends the parent session and all its children.
func TestSignOutAnywhereEndsTheWholeFamily(t *testing.T) {
	for _, from := range []string{app, shop, auth} {
		w := newWorld(t)
		w.user("ada")
		b := w.browser()
		b.signIn(b.get(app+"/"), "ada", "right")
		b.get(shop+"/").wants(t, 200, "hello ada")
		out := from + "/.gatehouse/logout"
		if from == auth {
			out = auth + "/logout"
		}
		b.get(out).wants(t, 200, "logout")
		b.get(app+"/").wants(t, 200, "hello ada") // a GET changes nothing
		b.post(out, url.Values{}).wants(t, 200, "logout")
		if b.cookie(from, "__Host-gatehouse") != "" {
			t.Errorf("signing out at %s left the cookie", from)
		}
		for _, a := range []string{app, shop} {
			if got := b.get(a + "/"); got.url.Path != "/login" {
				t.Errorf("signed out at %s, still in at %s: %s", from, a, got.body)
			}
		}
	}
}

func TestOnlyAPortalHandsOffToOtherHosts(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	flow := b.get(app + "/private").url.Query().Get("flow")
	r := b.form(solo+"/.gatehouse/login", url.Values{"login": {"ada"}, "password": {"right"}, "flow": {flow}})
	if p := b.onceDo(r); p.StatusCode != 303 || p.Header.Get("Location") != "/.gatehouse/account" {
		t.Errorf("got %d to %q", p.StatusCode, p.Header.Get("Location"))
	}
}

func TestClockSkewDoesNotMakeAFreshRuleLoop(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	b.signIn(b.get(app+"/"), "ada", "right").wants(t, 200, "hello ada")
	// The gate's clock is ahead of the portal's: it finds a sign-in too old that the portal considers fresh.
	w.pass(11 * time.Minute)
	to := b.once(app + "/fresh").Header.Get("Location")
	flow := b.once(app + to).Header.Get("Location") // sealed by the gate's clock
	w.pass(-11 * time.Minute)
	if p := b.once(flow); p.StatusCode != 200 || !strings.Contains(p.body, `"Reason":"fresh"`) {
		t.Errorf("redirected without a new proof: %d to %q", p.StatusCode, p.Header.Get("Location"))
	}
}
