package stories

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

// secure is a Caddyfile whose sites have certificates of Caddy's own authority. PORT stands for the port of all of them,
// APP for the upstream.
func secure(t *testing.T, gatehouse, sites string, up *gateway.Upstream) (*gateway.Gateway, string) {
	t.Helper()
	port := fmt.Sprint(servers.FreePort(t))
	text := fmt.Sprintf(`{
	admin ADMIN
	skip_install_trust
	local_certs
	auto_https disable_redirects
	https_port PORT
	gatehouse {
		%s
	}
}
%s`, gatehouse, sites)
	g := gateway.Start(t, strings.NewReplacer("PORT", port, "APP", up.Address).Replace(text))
	return g, ":" + port
}

// ready waits until a site has its certificate, which Caddy makes after it listens.
func ready(t *testing.T, sites ...string) {
	t.Helper()
	p := gateway.NewPerson(t)
	for _, site := range sites {
		gateway.Eventually(t, site+" serves", func() bool {
			_, err := p.Try(t.Context(), http.MethodGet, site+"/.gatehouse/gatehouse.js", nil)
			return err == nil
		})
	}
}

// town is two apps on domains that have nothing to do with one another, and the portal on a third. There is no setting
// about cookies anywhere.
type town struct {
	one, wiki, auth string
	up              *gateway.Upstream
	gateway         *gateway.Gateway
	database        string
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{up: gateway.StartUpstream(t), database: filepath.Join(t.TempDir(), "users.db")}
	g, port := secure(t, shared("sqlite "+w.database, "embedded"), `
https://app.one.test:PORT {
	gate {
		allow role:editor /edit/*
		allow user /vault/* {
			fresh 10m
		}
		allow user
	}
	reverse_proxy APP
}
https://wiki.two.example:PORT {
	gate
	reverse_proxy APP
}
https://auth.three.test:PORT {
	portal
}
`, w.up)
	w.gateway, w.one, w.wiki, w.auth = g, "https://app.one.test"+port, "https://wiki.two.example"+port, "https://auth.three.test"+port
	ready(t, w.one, w.wiki, w.auth)
	return w
}

const sessionCookie = "__Host-gatehouse"

func TestUnrelatedDomainsShareOneSignIn(t *testing.T) {
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, w *gateway.Window) {
		town := newTown(t)
		const odd = "/a%20b?q=1&x=%2F&to=//evil"
		w.Open(town.one + odd).Reads("Sign in")
		if !strings.HasPrefix(w.Address(), town.auth+"/login?flow=") {
			t.Fatalf("at %s", w.Address())
		}
		w.Press(`a[href*="signup"]`).Fill(`[name=email]`, "ann@example.com", `[name=password]`, gateway.Password).Press(`main button[type=submit]`)
		w.At(town.one + odd)
		saw(t, town.up, "/a%20b", "q=1&x=%2F&to=//evil")
		c := w.Cookie(sessionCookie)
		if c == nil || !c.Secure || !c.HTTPOnly || c.SameSite != "Lax" || c.Path != "/" || c.Domain != "app.one.test" || !c.Session {
			t.Errorf("the session cookie: %+v", c)
		}

		// the other domain asks for nothing
		w.Open(town.wiki + "//double/./x;y=1?z=%41%2f#fragment")
		if w.Status != http.StatusOK || !strings.HasPrefix(w.Address(), town.wiki+"/") {
			t.Fatalf("%d at %s: %s", w.Status, w.Address(), w.Text())
		}
		if w.Cookie(sessionCookie).Value == c.Value {
			t.Error("two hosts share one secret")
		}
		if w.Open(town.auth+"/").Status != http.StatusOK || w.Address() != town.auth+"/account" {
			t.Errorf("the portal: %d at %s", w.Status, w.Address())
		}

		// signing out on one ends both, and the portal: nobody is signed in again without being asked
		w.Open(town.wiki + "/.gatehouse/logout").Press(`main button[type=submit]`).Reads("You are signed out")
		for _, site := range []string{town.one, town.wiki} {
			if w.Open(site + "/again"); !strings.HasPrefix(w.Address(), town.auth+"/login?flow=") {
				t.Errorf("%s after signing out: at %s", site, w.Address())
			}
		}
		if got := gateway.NewPerson(t).Get(town.one+"/", "Cookie", sessionCookie+"="+c.Value); got.Status != http.StatusUnauthorized {
			t.Errorf("the other host's secret: %d", got.Status)
		}
		w.Fill(`[name=login]`, "ann@example.com", `[name=password]`, gateway.Password).Press(`main button[type=submit]`).At(town.wiki + "/again")
		w.Open(town.one + "/edit/x").Reads("You don’t have access")
		w.Open(town.one + "/page").Open(town.auth + "/logout").Press(`main button[type=submit]`).Reads("You are signed out")
		if w.Open(town.one + "/page"); !strings.HasPrefix(w.Address(), town.auth+"/login?flow=") {
			t.Errorf("after signing out at the portal: at %s", w.Address())
		}
	})
}

// saw fails the test unless the last request that the upstream got is this one, with the person who made it.
func saw(t *testing.T, up *gateway.Upstream, path, query string) {
	t.Helper()
	for _, got := range up.Requests() {
		if got.Path == path && got.Query == query && got.Header.Get("Remote-User") == "ann@example.com" && got.Header.Get("Cookie") == "" {
			return
		}
	}
	t.Fatalf("the app has not seen %s?%s: %v", path, query, up.Requests())
}

// Five tabs are opened at once and wait at five login pages. Whichever signs in, all come to the page that they asked for.
func TestSeveralTabsArriveWhereTheyWereGoing(t *testing.T) {
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, w *gateway.Window) {
		town := newTown(t)
		gateway.NewPerson(t).SignUpAt(town.auth, "ann@example.com")
		type tab struct {
			*gateway.Window
			want string
		}
		var tabs []tab
		for i := range 5 {
			site := town.one
			if i%2 == 1 {
				site = town.wiki
			}
			tabs = append(tabs, tab{w.Tab(), fmt.Sprintf("%s/page-%d?tab=%d&x=%%2F", site, i, i)})
		}
		for _, tab := range tabs {
			tab.Open(tab.want).Reads("Sign in")
		}
		for _, tab := range tabs {
			// the later ones sign in once more with the form that they show, as people do who open all tabs of yesterday
			tab.Fill(`[name=login]`, "ann@example.com", `[name=password]`, gateway.Password).Press(`main button[type=submit]`)
			tab.At(tab.want).Reads(`"Remote-User":["ann@example.com"]`)
		}
		for _, tab := range tabs {
			if tab.Reload().At(tab.want).Status != http.StatusOK {
				t.Errorf("%s was signed out by another tab", tab.want)
			}
		}
		// a login page that was left open while another tab signed in goes on by itself when it is loaded again
		late := w.Tab()
		late.Open(town.one + "/late?y=1").At(town.one + "/late?y=1")
	})
}
