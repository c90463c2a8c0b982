package stories

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

var screenshots = flag.String("screenshots", "", "directory to write pictures of what a newcomer sees to, as phones and desks show it, in light and dark")

// withAndWithoutScripts runs a story in two browsers: everything works with scripts switched off.
func withAndWithoutScripts(t *testing.T, story func(t *testing.T, w *gateway.Window)) {
	chromium := gateway.SharedChromium(t)
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) { story(t, chromium.Window(t, scripts)) })
	}
}

// example starts Caddyfile.example, which a newcomer runs first, on ports of its own.
func example(t *testing.T) (*gateway.Gateway, string) {
	t.Helper()
	raw, err := os.ReadFile("../../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	site, app := strconv.Itoa(servers.FreePort(t)), strconv.Itoa(servers.FreePort(t))
	text := strings.NewReplacer("8080", site, "8081", app).Replace(string(raw))
	text = strings.Replace(text, "{\n\tgatehouse {", "{\n\tadmin ADMIN\n\tgatehouse {", 1)
	g := gateway.Start(t, text)
	return g, "http://localhost:" + site
}

func picture(t *testing.T, w *gateway.Window, name string) {
	t.Helper()
	if *screenshots == "" {
		return
	}
	for _, width := range []int64{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			file := filepath.Join(*screenshots, name+"-"+strconv.FormatInt(width, 10)+"-"+scheme+".png")
			if err := os.WriteFile(file, w.Look(width, scheme), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestTheNewcomersWay is what the README promises of its first command.
func TestTheNewcomersWay(t *testing.T) {
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, w *gateway.Window) {
		g, site := example(t)
		w.Open(site + "/").Reads("Sign in")
		picture(t, w, "login")
		w.Press(`a[href*="signup"]`)
		picture(t, w, "signup")
		w.Fill(`[name=email]`, "Ann@Example.com", `[name=name]`, "Ann Example", `[name=password]`, gateway.Password).Press(`main button[type=submit]`)
		// an address that nobody confirmed is not handed to the app; the username is
		w.At(site+"/").Reads("Hello, Ann Example!", "Remote-User", "ann@example.com", "Remote-User-Id", "Remote-Name")

		w.Press(`a[href="/admin/"]`).Reads("You don’t have access", "Ann Example", "/admin/")
		if w.Status != http.StatusForbidden {
			t.Errorf("%d", w.Status)
		}
		picture(t, w, "forbidden")

		session := w.Cookie("gatehouse").Value
		g.MustCommand("", "users", "set", "ann@example.com", "--add-role", "admin")
		gateway.Eventually(t, "the role opens the door without signing in again", func() bool { return w.Reload().Status == http.StatusOK })
		w.At(site+"/admin/").Reads("You are in", "admin,member")
		if w.Cookie("gatehouse").Value != session {
			t.Error("a role changed the secret")
		}

		w.Press(`a[href="/.gatehouse/account"]`).Reads("ann@example.com", "not confirmed", "admin")
		picture(t, w, "account")
		w.Open(site + "/").Press(`a[href="/.gatehouse/logout"]`).Reads("Sign out?")
		w.Press(`main button[type=submit]`).Reads("You are signed out")
		if w.Cookie("gatehouse") != nil {
			t.Error("the browser keeps the cookie")
		}
		w.Open(site + "/admin/").Reads("Sign in")
		if !strings.HasPrefix(w.Address(), site+"/.gatehouse/login?to=") {
			t.Errorf("at %s", w.Address())
		}
		w.Fill(`[name=login]`, "ann@example.com", `[name=password]`, gateway.Password).Press(`main button[type=submit]`)
		w.At(site + "/admin/").Reads("You are in")
	})
}

// TestTheFirstAdministratorFollowsTheLinkInTheLog: the link works once, and is all that the log shows of the kind.
func TestTheFirstAdministratorFollowsTheLinkInTheLog(t *testing.T) {
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, w *gateway.Window) {
		g, site := example(t)
		var link string
		gateway.Eventually(t, "the log shows the link", func() bool {
			_, rest, found := strings.Cut(g.Log(), `"link":"`)
			link, _, _ = strings.Cut(rest, `"`)
			return found && link != ""
		})
		if !strings.HasPrefix(link, site+"/.gatehouse/setup?token=") {
			t.Fatalf("the link is %s", link)
		}
		w.Open(link).Open(link) // a scanner's GET uses nothing up
		picture(t, w, "setup")
		w.Fill(`[name=email]`, "root@example.com", `[name=password]`, gateway.Password).Press(`main button[type=submit]`)
		w.Open(site + "/admin/").Reads("You are in")
		if w.Open(link).Status != http.StatusNotFound {
			t.Errorf("the link again: %d", w.Status)
		}
		if got := gateway.NewPerson(t).Get(link, "Accept", "text/html"); got.Status != http.StatusNotFound {
			t.Errorf("the link in another browser: %d", got.Status)
		}
	})
}
