package authportal

import (
	"net/url"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

func TestSessionStoreOutageKeepsSessions(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	b.signIn(b.get(app+"/"), "ada", "right").wants(t, 200, "hello")
	cookie := b.cookie(app, "__Host-gatehouse")
	w.shop.down.Store(true)
	for _, a := range []string{"/logout", "/login", "/"} {
		p := b.once(app + "/.gatehouse" + a)
		if p.StatusCode != 503 || p.Header.Get("Retry-After") == "" || len(p.Header["Set-Cookie"]) != 0 {
			t.Errorf("%s: %d %v", a, p.StatusCode, p.Header)
		}
	}
	b.post(app+"/.gatehouse/logout", url.Values{}).wants(t, 503, "store_unavailable")
	p := b.api("GET", app+"/.gatehouse/api/v1/session", "")
	if p.StatusCode != 503 || p.code() != "store_unavailable" || p.Header.Get("Retry-After") == "" {
		t.Errorf("session: %d %s", p.StatusCode, p.body)
	}
	w.browser().tryLogin("ada", "right").wants(t, 503, "store_unavailable")
	w.shop.down.Store(false)
	if b.cookie(app, "__Host-gatehouse") != cookie {
		t.Error("the cookie was removed")
	}
	b.get(app+"/").wants(t, 200, "hello ada")
}

func TestHangingStoreIsAnOutage(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	b.tryLogin("ada", "right").wants(t, 200, "signed_in")
	w.shop.hangs.Store(true)
	w.cfg.SessionWait = time.Millisecond
	w.reload()
	p := b.api("GET", apiBase+"/session", "")
	if p.StatusCode != 503 || p.code() != "store_unavailable" || len(p.Header["Set-Cookie"]) != 0 {
		t.Errorf("got %d %s", p.StatusCode, p.body)
	}
	if p := w.browser().once(solo + "/.gatehouse/login"); p.StatusCode != 200 {
		t.Errorf("a request without a cookie needed the store: %d", p.StatusCode)
	}
}

func TestACodeSurvivesAnOutage(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	callback := codeURL(t, b, app+"/private")
	w.shop.down.Store(true)
	b.get(callback).wants(t, 503, "store_unavailable")
	w.shop.down.Store(false)
	b.get(callback).wants(t, 200, "hello ada at app.example.com/private")
}

// Sessions stay valid while the users store is down; signing in has to wait.
func TestUsersStoreOutageKeepsSessionsAlive(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	b.tryLogin("ada", "right").wants(t, 200, "signed_in")
	w.users.(*flakyUsers).down.Store(true)
	b.get(solo+"/").wants(t, 200, "hello ada")
	b.api("GET", apiBase+"/session", "").wants(t, 200, "ada")
	w.browser().tryLogin("ada", "right").wants(t, 503, "store_unavailable")
	w.browser().tryLogin("ada", "wrong").wants(t, 503, "store_unavailable")
}

func TestSessionNeedsItsAccountReadAgain(t *testing.T) {
	w := newWorld(t)
	u := w.user("ada")
	w.shop.created = func() { w.users.(*flakyUsers).down.Store(true) }
	b := w.browser()
	b.tryLogin("ada", "right").wants(t, 503, "store_unavailable")
	if b.cookie(solo, "__Host-gatehouse") != "" {
		t.Error("a cookie was set")
	}
	var list []store.Session
	list, err := w.shop.SessionsOf(t.Context(), u.ID)
	if err != nil || len(list) != 0 {
		t.Errorf("%d sessions (%v), want none", len(list), err)
	}
}
