package stories

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
)

// Wherever gate and portal stand, a person who signs up there comes to the page that they asked for.
func TestSigningUpArrivesWhereverGateAndPortalStand(t *testing.T) {
	t.Parallel()
	chromium := gateway.SharedChromium(t)
	for name, c := range map[string]struct{ sites, page, login, path string }{
		"a portal on the host of the gate": {
			`https://app.one.test:PORT {
	portal /auth/*
	gate
	reverse_proxy APP
}`, "https://app.one.test:PORT/page?q=1", "https://app.one.test:PORT/auth/login?flow=", "/page",
		},
		"a portal below a path of its own host": {
			`https://auth.three.test:PORT {
	portal /in/*
	respond "nothing else" 404
}
https://app.one.test:PORT {
	gate
	reverse_proxy APP
}`, "https://app.one.test:PORT/page?q=1", "https://auth.three.test:PORT/in/login?flow=", "/page",
		},
		"a portal in handle_path": {
			`https://auth.three.test:PORT {
	handle_path /account/* {
		portal
	}
	handle {
		respond "nothing else" 404
	}
}
https://app.one.test:PORT {
	gate
	reverse_proxy APP
}`, "https://app.one.test:PORT/page?q=1", "https://auth.three.test:PORT/account/login?flow=", "/page",
		},
		"a gate in handle_path": {
			`https://app.one.test:PORT {
	handle_path /pub/* {
		gate
		reverse_proxy APP
	}
	handle {
		respond "nothing else" 404
	}
}`, "https://app.one.test:PORT/pub/page?q=1", "https://app.one.test:PORT/pub/.gatehouse/login?to=", "/page",
		},
		"a gate in handle_path and a portal elsewhere": {
			`https://auth.three.test:PORT {
	portal
}
https://app.one.test:PORT {
	handle_path /pub/* {
		gate
		reverse_proxy APP
	}
}`, "https://app.one.test:PORT/pub/page?q=1", "https://auth.three.test:PORT/login?flow=", "/page",
		},
	} {
		t.Run(name, func(t *testing.T) {
			up := gateway.StartUpstream(t)
			_, port := secure(t, shared("sqlite", "embedded"), c.sites, up)
			page, login := strings.Replace(c.page, ":PORT", port, 1), strings.Replace(c.login, ":PORT", port, 1)
			for _, address := range []string{page, login} {
				host, _, _ := strings.Cut(strings.TrimPrefix(address, "https://"), "/")
				ready(t, "https://"+host)
			}
			w := chromium.Window(t, false)
			if w.Open(page); !strings.HasPrefix(w.Address(), login) {
				t.Fatalf("at %s: %s", w.Address(), w.Text())
			}
			w.Press(`a[href*="signup"]`).Fill(`[name=email]`, "ann@example.com", `[name=password]`, gateway.Password).Press(`main button[type=submit]`)
			w.At(page)
			saw(t, up, c.path, "q=1")
			base := login[:strings.LastIndex(login, "/login")]
			if w.Open(base + "/account"); w.Status != http.StatusOK {
				t.Fatalf("the account page: %d %s", w.Status, w.Text())
			}
			w.Press(`form[action$="/logout"] button`).Reads("You are signed out")
			if w.Open(page); !strings.HasPrefix(w.Address(), login) {
				t.Errorf("after signing out: at %s", w.Address())
			}
			for _, got := range up.Requests() {
				if got.Path != c.path && got.Path != "/favicon.ico" {
					t.Errorf("the app got %s", got.Path)
				}
			}
		})
	}
}

// Portal and gate of one host share the session: one cookie, and one sign-in in the list.
func TestPortalAndGateOfOneHostAreOneSession(t *testing.T) {
	t.Parallel()
	up := gateway.StartUpstream(t)
	g, port := secure(t, shared("sqlite", "embedded"), "https://app.one.test:PORT {\n\tportal /auth/*\n\tgate\n\treverse_proxy APP\n}", up)
	site := "https://app.one.test" + port
	ready(t, site)
	p := gateway.NewPerson(t)
	p.SignUpAt(site+"/auth", "ann@example.com")
	secret := p.Cookie(site, sessionCookie)
	if got, at := p.Browse(site + "/page"); got.Status != http.StatusOK || at != site+"/page" || p.Cookie(site, sessionCookie) != secret {
		t.Errorf("%d at %s", got.Status, at)
	}
	if n := sessionsOf(t, g, "ann@example.com"); n != 1 {
		t.Errorf("%d sign-ins", n)
	}
	p.SignOut(site)
	if got := gateway.NewPerson(t).Get(site+"/auth/account", "Accept", "text/html", "Cookie", sessionCookie+"="+secret); got.Status == http.StatusOK {
		t.Errorf("signed out at the gate, the portal shows the account: %s", got.Body)
	}
}

// ownPage is the login page that docs/gatehouse-js.md shows, as it stands there.
func ownPage(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "gatehouse-js.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(raw), "```html\n<!doctype html>")
	page, _, _ := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/gatehouse-js.md shows no login page")
	}
	return "<!doctype html>" + page
}

// An app shows a login page of its own, which speaks to the gate by gatehouse.js, and without scripts by its form.
func TestAnAppHasALoginPageOfItsOwn(t *testing.T) {
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, w *gateway.Window) {
		page := ownPage(t)
		app := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
			switch r.URL.Path {
			case "/welcome":
				_, _ = rw.Write([]byte(page))
			case "/welcome.css":
				rw.Header().Set("Content-Type", "text/css")
			default:
				_, _ = rw.Write([]byte("<title>app</title>Hello, " + r.Header.Get("Remote-User") + " at " + r.URL.RequestURI()))
			}
		}))
		t.Cleanup(app.Close)
		up := &gateway.Upstream{Address: strings.TrimPrefix(app.URL, "http://")}
		g, port := secure(t, shared("sqlite", "embedded"),
			"https://app.one.test:PORT {\n\tgate {\n\t\tlogin_page /welcome\n\t\tpublic /welcome.css\n\t\tallow user\n\t}\n\treverse_proxy APP\n}", up)
		site := "https://app.one.test" + port
		ready(t, site)
		g.MustCommand(gateway.Password+"\n", "users", "add", "ann@example.com", "--password-stdin")

		const odd = "/a%20b?q=1&x=%2F&to=//evil"
		if w.Open(site + odd); !strings.HasPrefix(w.Address(), site+"/welcome?to=") {
			t.Fatalf("at %s: %s", w.Address(), w.Text())
		}
		scripts := w.Ask("document.querySelector('[name=to]').value") != ""
		if scripts {
			w.Fill(`[name=login]`, "ann@example.com", `[name=password]`, "wrong").Click("form button")
			gateway.Eventually(t, "the page says so", func() bool { return strings.Contains(w.Text(), "That name and password do not match") })
			w.At(site + "/welcome?to=" + strings.SplitN(w.Address(), "?to=", 2)[1])
		}
		w.Fill(`[name=login]`, "ann@example.com", `[name=password]`, gateway.Password).Press("form button")
		if !scripts {
			// nobody put the address into the form: it leads to the account, from where the app is a click away
			w.At(site + "/.gatehouse/account").Open(site + odd)
		}
		w.At(site + odd).Reads("Hello, ann@example.com at /a%20b?q=1&x=%2F&to=//evil")
	})
}
