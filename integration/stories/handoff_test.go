package stories

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
)

// sessionsOf counts the sign-ins that the store holds of somebody.
func sessionsOf(t *testing.T, g *gateway.Gateway, login string) int {
	t.Helper()
	var got struct{ Sessions []json.RawMessage }
	raw := g.MustCommand("", "sessions", "list", "--user", login, "--json")
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return len(got.Sessions)
}

// byCallback signs in for an app at the portal and stops before the code is redeemed.
func byCallback(t *testing.T, town *town, p *gateway.Person, page, login string) string {
	t.Helper()
	_, at := p.Browse(page, town.auth)
	got := p.SubmitLogin(town.auth, at, login)
	to := got.Header.Get("Location")
	if got.Status != http.StatusSeeOther || !strings.Contains(to, "/.gatehouse/callback?code=") {
		t.Fatalf("signing in at the portal: %d %v", got.Status, got.Header)
	}
	return to
}

// On every version of HTTP: the whole way over three hosts, and what a code is worth in other hands.
func TestACodeIsOfUseOnceAndInItsBrowserOnly(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	gateway.NewPerson(t).SignUpAt(town.auth, "ann@example.com")
	gateway.NewPerson(t).SignUpAt(town.auth, "eve@example.com")
	for _, protocol := range gateway.Protocols {
		t.Run(protocol, func(t *testing.T) {
			ann, eve := gateway.NewPersonOver(t, protocol), gateway.NewPersonOver(t, protocol)
			page := town.one + "/a%20b?q=1&x=%2F&to=//evil"
			callback := byCallback(t, town, ann, page, "ann@example.com")

			// Eve has the address, from a log or over a shoulder. It opens nothing for her, and takes nothing from Ann.
			stolen := eve.Get(callback, "Accept", "text/html")
			if hasSession(stolen) || !strings.HasPrefix(stolen.Header.Get("Location"), "/.gatehouse/login?to=") {
				t.Fatalf("a stolen code: %d %v", stolen.Status, stolen.Header)
			}
			// It is for this host only.
			if misled := ann.Get(strings.Replace(callback, town.one, town.wiki, 1), "Accept", "text/html"); hasSession(misled) {
				t.Fatalf("a code at another host: %v", misled.Header)
			}
			got := ann.Get(callback, "Accept", "text/html")
			if !hasSession(got) || got.Header.Get("Location") != strings.TrimPrefix(page, town.one) || got.Protocol != protocol {
				t.Fatalf("%s: %d %v", got.Protocol, got.Status, got.Header)
			}
			if got, at := ann.Browse(page); got.Status != http.StatusOK || at != page || !strings.Contains(got.Body, `"Path":"/a%20b","Query":"q=1\u0026x=%2F\u0026to=//evil"`) {
				t.Fatalf("%d at %s: %s", got.Status, at, got.Body)
			}

			// Used up: Ann's own second use changes nothing, and somebody with her mark gets no session.
			if again := ann.Get(callback, "Accept", "text/html"); hasSession(again) || again.Header.Get("Location") != strings.TrimPrefix(page, town.one) {
				t.Errorf("loading the callback again: %d %v", again.Status, again.Header)
			}
			mark := "__Host-gatehouse-flow=" + ann.Cookie(town.one, "__Host-gatehouse-flow")
			thief := gateway.NewPersonOver(t, protocol)
			replay := thief.Get(callback, "Accept", "text/html", "Cookie", mark)
			if hasSession(replay) || !strings.HasPrefix(replay.Header.Get("Location"), "/.gatehouse/login?to=") {
				t.Errorf("a replay: %d %v", replay.Status, replay.Header)
			}

			// Eve's sign-in starts anew: she comes to the page, as herself.
			callback = byCallback(t, town, eve, gateway.Resolve(t, town.one, stolen.Header.Get("Location")), "eve@example.com")
			if got, at := eve.Browse(callback); at != page || !strings.Contains(got.Body, "eve@example.com") {
				t.Errorf("anew: at %s: %s", at, got.Body)
			}
			eve.SignOut(town.one)

			// It starts anew once. A browser that keeps no marks is told so.
			callback = byCallback(t, town, gateway.NewPersonOver(t, protocol), gateway.Resolve(t, town.one, stolen.Header.Get("Location")), "eve@example.com")
			broken := gateway.NewPersonOver(t, protocol).Get(callback, "Accept", "text/html")
			if broken.Status != http.StatusBadRequest || !strings.Contains(broken.Body, "sign_in_broken") || hasSession(broken) {
				t.Errorf("a second failure: %d %v %s", broken.Status, broken.Header, broken.Body)
			}
			ann.SignOut(town.one)
			if n := sessionsOf(t, town.gateway, "ann@example.com"); n != 1 { // that of signing up
				t.Errorf("the store holds %d sign-ins of Ann", n)
			}
		})
	}
}

func hasSession(a gateway.Answer) bool {
	for _, line := range a.Header["Set-Cookie"] {
		if strings.HasPrefix(line, "__Host-gatehouse=") || strings.HasPrefix(line, "gatehouse=") {
			return true
		}
	}
	return false
}

// Whoever is signed in at the portal is handed over without being asked; a demand of the app is still one of its own.
func TestAFreshDemandIsMetAtThePortal(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	p := gateway.NewPerson(t)
	gateway.NewPerson(t).SignUpAt(town.auth, "ann@example.com")
	for _, host := range []string{"app.one.test", "auth.three.test"} {
		site := map[string]string{"app.one.test": town.one, "auth.three.test": town.auth}[host]
		u, err := url.Parse(site)
		if err != nil {
			t.Fatal(err)
		}
		p.Client.Jar.SetCookies(u, []*http.Cookie{{Name: sessionCookie, Value: oldSession(t, town.database, "ann@example.com", host, 2*3600e9), Path: "/", Secure: true}})
	}
	if got, at := p.Browse(town.wiki + "/page"); got.Status != http.StatusOK || at != town.wiki+"/page" {
		t.Fatalf("%d at %s", got.Status, at)
	}
	got, at := p.Browse(town.one + "/vault/x?y=1")
	if got.Status != http.StatusOK || !strings.HasPrefix(at, town.auth+"/login?flow=") || !strings.Contains(got.Body, "once more") {
		t.Fatalf("%d at %s: %s", got.Status, at, got.Body)
	}
	done := p.SubmitLogin(town.auth, at, "ann@example.com")
	if got, at := p.Browse(gateway.Resolve(t, at, done.Header.Get("Location"))); got.Status != http.StatusOK || at != town.one+"/vault/x?y=1" {
		t.Errorf("%d at %s: %s", got.Status, at, got.Body)
	}
}
