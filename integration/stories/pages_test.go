package stories

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql/sqltest"
)

// localSite is a gateway with a gate of its own on this machine, whose database a test can look into.
func localSite(t *testing.T, gate string) (g *gateway.Gateway, site, database string, up *gateway.Upstream) {
	t.Helper()
	site, database, up = newSite(t), filepath.Join(t.TempDir(), "users.db"), gateway.StartUpstream(t)
	g = gateway.Start(t, plain(shared("sqlite "+database, "embedded"), site, gate, up))
	return g, site, database, up
}

// oldSession stores a session of somebody who signed in that long ago, and returns its secret.
func oldSession(t *testing.T, database, login, host string, ago time.Duration) string {
	t.Helper()
	users := sqltest.OpenFile(t, database, time.Now)
	u, err := users.FindUser(t.Context(), login)
	if err != nil {
		t.Fatal(err)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	now := time.Now()
	err = users.EmbeddedSessions().CreateSession(t.Context(), &store.ActiveSession{Identity: u.Identity(), Session: store.Session{
		Key: store.KeyOf(secret), ID: rand.Text(), UserID: u.ID, Host: host, Created: now.Add(-ago), LastSeen: now,
		Expires: now.Add(12 * time.Hour), Idle: 30 * time.Minute, Proofs: []store.Proof{{Method: "password", At: now.Add(-ago)}}}})
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(secret)
}

func TestAWrongPasswordIsToldAndTheRightOneStillLeadsToThePage(t *testing.T) {
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, w *gateway.Window) {
		_, site, _, up := localSite(t, "allow user")
		gateway.NewPerson(t).SignUp(site, "ann@example.com")
		w.Open(site + "/page?q=1")
		for _, login := range []string{"ann@example.com", "nobody@example.com"} {
			w.Fill(`[name=login]`, login, `[name=password]`, "wrong").Press(`main button[type=submit]`)
			w.Reads("That e-mail address or username and password don’t match. Please try again.")
			if w.Status != http.StatusUnauthorized || w.Cookie("gatehouse") != nil || w.Ask("document.querySelector('[name=login]').value") != login ||
				w.Ask("document.querySelector('[name=password]').value") != "" {
				t.Errorf("%s: %d %s", login, w.Status, w.Text())
			}
		}
		if n := len(up.Requests()); n != 0 {
			t.Errorf("the app has seen %d requests", n)
		}
		w.Fill(`[name=login]`, "ANN@example.com", `[name=password]`, gateway.Password).Press(`main button[type=submit]`)
		w.At(site + "/page?q=1").Reads(`"Remote-User":["ann@example.com"]`)
		picture(t, w, "app")
	})
}

func TestARuleThatWantsAFreshSignInAsksForThePasswordOnceMore(t *testing.T) {
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, w *gateway.Window) {
		_, site, database, _ := localSite(t, "allow user /vault/* {\n\t\t\tfresh 10m\n\t\t}\n\t\tallow user")
		gateway.NewPerson(t).SignUp(site, "ann@example.com")
		w.SetCookie(site, "gatehouse", oldSession(t, database, "ann@example.com", "localhost", 2*time.Hour))
		if w.Open(site+"/page").Status != http.StatusOK {
			t.Fatalf("%d %s", w.Status, w.Text())
		}
		old := w.Cookie("gatehouse").Value
		w.Open(site+"/vault/gold?x=%2F").Reads("Confirm it’s you", "sign in once more")
		picture(t, w, "fresh")
		if got := w.Ask("document.querySelector('[name=login]').value"); got != "ann@example.com" {
			t.Errorf("whose password: %s", got)
		}
		w.Fill(`[name=password]`, "wrong").Press(`main button[type=submit]`).Reads("don’t match")
		w.Fill(`[name=password]`, gateway.Password).Press(`main button[type=submit]`)
		w.At(site + "/vault/gold?x=%2F").Reads(`"Remote-User":["ann@example.com"]`)
		if w.Cookie("gatehouse").Value == old {
			t.Error("a proof gave no new secret")
		}
		if got := gateway.NewPerson(t).Get(site+"/page", "Cookie", "gatehouse="+old); got.Status != http.StatusUnauthorized {
			t.Errorf("the secret of before: %d", got.Status)
		}
	})
}

func TestTheAccountPageEndsSessionsAndChangesThePassword(t *testing.T) {
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, w *gateway.Window) {
		_, site, _, _ := localSite(t, "allow user")
		first, second := gateway.NewPerson(t), gateway.NewPerson(t)
		first.SignUp(site, "ann@example.com")
		w.Open(site+"/").Fill(`[name=login]`, "ann@example.com", `[name=password]`, gateway.Password).Press(`main button[type=submit]`)
		w.Open(site+"/.gatehouse/account").Reads("this device", "Go", "End")
		w.Press(`form[action$="/account/sessions"]:has([name=id]) button`).Reads("The session has been ended.")
		gateway.Eventually(t, "the session that was ended is out", func() bool { return first.Get(site+"/").Status == http.StatusUnauthorized })

		second.SignIn(site, "ann@example.com")
		w.Reload().Click(`details:has([name=current]) summary`)
		w.Fill(`[name=current]`, "wrong", `[name=password]`, "another battery staple").Press(`form[action$="/account/password"] button[type=submit]`)
		w.Reads("That is not your current password")
		old := w.Cookie("gatehouse").Value
		w.Fill(`[name=current]`, gateway.Password, `[name=password]`, "another battery staple").Press(`form[action$="/account/password"] button[type=submit]`)
		w.Reads("Your password has been changed, and you are signed out everywhere else.")
		gateway.Eventually(t, "every other session is out", func() bool { return second.Get(site+"/").Status == http.StatusUnauthorized })
		if w.Cookie("gatehouse").Value == old || w.Open(site+"/").Status != http.StatusOK {
			t.Errorf("the own session: %d", w.Status)
		}
		login := func(password string) gateway.Answer {
			return gateway.NewPerson(t).Do(http.MethodPost, site+"/.gatehouse/api/v1/login", map[string]any{"login": "ann@example.com", "password": password})
		}
		if old, now := login(gateway.Password), login("another battery staple"); old.Status != http.StatusUnauthorized || now.Status != http.StatusOK {
			t.Errorf("the old password: %d, the new one: %d", old.Status, now.Status)
		}
	})
}

// Any page can make a browser GET an address; only a form of ours signs out, and no form of another site.
func TestOnlyAFormOfOursSignsOut(t *testing.T) {
	t.Parallel()
	_, site, _, _ := localSite(t, "allow user")
	p := gateway.NewPerson(t)
	p.SignUp(site, "ann@example.com")
	logout := site + "/.gatehouse/logout"
	for what, header := range map[string][]string{
		"another site":    {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
		"a sibling":       {"Origin", "http://evil.localhost", "Sec-Fetch-Site", "same-site"},
		"another port":    {"Origin", "http://localhost:1", "Sec-Fetch-Site", "same-site"},
		"a hidden origin": {"Origin", "null", "Sec-Fetch-Site", "cross-site"},
	} {
		got := p.Post(logout, "", append(header, "Accept", "text/html")...)
		if got.Status != http.StatusForbidden || got.Header["Set-Cookie"] != nil {
			t.Errorf("%s: %d %v", what, got.Status, got.Header)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		if got := p.Do(method, logout, nil, "Accept", "text/html"); got.Status != http.StatusOK || got.Header["Set-Cookie"] != nil {
			t.Errorf("%s: %d %v", method, got.Status, got.Header)
		}
	}
	if got := p.Get(site + "/"); got.Status != http.StatusOK {
		t.Fatalf("still signed in: %d", got.Status)
	}
	cookie := "gatehouse=" + p.Cookie(site, "gatehouse")
	if got := p.Post(logout, "", "Origin", site, "Accept", "text/html"); got.Status != http.StatusSeeOther || !strings.HasSuffix(got.Header.Get("Location"), "/logout?done=1") {
		t.Errorf("our own form: %d %v", got.Status, got.Header)
	}
	if got := gateway.NewPerson(t).Get(site+"/", "Cookie", cookie); got.Status != http.StatusUnauthorized {
		t.Errorf("the secret afterwards: %d", got.Status)
	}
}
