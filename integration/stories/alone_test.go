package stories

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
)

// One word in a site, and nothing else: accounts and sessions are in SQLite in Caddy's data directory, the secret is in
// Caddy's storage, nobody can sign up, and all of it is still there after a restart.
func TestAGateAloneWorks(t *testing.T) {
	t.Parallel()
	site, up := newSite(t), gateway.StartUpstream(t)
	g := gateway.Start(t, "{\n\tadmin ADMIN\n}\n"+site+" {\n\tgate\n\treverse_proxy "+up.Address+"\n}\n")
	files, err := filepath.Glob(filepath.Join(g.Dir, "caddy", "gatehouse", "*"))
	if err != nil || len(files) == 0 || filepath.Base(files[0]) != "gatehouse.db" {
		t.Fatalf("%v %v", files, err)
	}
	for _, file := range append(files, filepath.Join(g.Dir, "caddy", "gatehouse", "secret")) {
		if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", file, info.Mode())
		}
	}
	p := gateway.NewPerson(t)
	if got := p.Get(site+"/page", "Accept", "text/html"); got.Status != http.StatusFound || !strings.HasPrefix(got.Header.Get("Location"), "/.gatehouse/login?to=") {
		t.Fatalf("%d %v", got.Status, got.Header)
	}
	if got := p.Do(http.MethodPost, site+"/.gatehouse/api/v1/signup", map[string]any{"email": "eve@example.com", "password": gateway.Password}); got.Status != http.StatusForbidden || got.Code() != "signup_closed" {
		t.Errorf("signing up: %d %s", got.Status, got.Body)
	}
	g.MustCommand(gateway.Password+"\n", "users", "add", "ann@example.com", "--password-stdin", "--role", "member")
	p.SignIn(site, "ann@example.com")
	for range 2 {
		got := p.Get(site+"/page?q=1", "Remote-User", "root", "Remote-Roles", "admin")
		if got.Status != http.StatusOK {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		seen := up.Requests()[len(up.Requests())-1]
		for name, want := range map[string]string{"Remote-User": "ann@example.com", "Remote-Email": "ann@example.com", "Remote-Roles": "member", "Remote-Groups": "member", "Cookie": ""} {
			if lines := seen.Header.Values(name); strings.Join(lines, "|") != want {
				t.Errorf("the app got %s: %q", name, lines)
			}
		}
		if seen.Header.Get("Remote-User-Id") == "" {
			t.Error("the app got no id")
		}
		g.Stop()
		g.Run()
	}
	if out, err := g.Command("", "doctor"); err == nil || !strings.Contains(out, "nobody holds the role admin") {
		t.Errorf("doctor, without an administrator: %v %s", err, out)
	}
	g.MustCommand("", "users", "set", "ann@example.com", "--add-role", "admin")
	g.MustCommand("", "doctor")
	if out := g.MustCommand("", "policy", "explain", "--roles", "member", "GET", site+"/page"); !strings.Contains(out, "Caddyfile:") {
		t.Errorf("policy explain: %s", out)
	}
}

// Signing out everywhere ends the sign-ins of every browser and every host; signing out here, those of this browser.
func TestSigningOutHereOrEverywhere(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	gateway.NewPerson(t).SignUpAt(town.auth, "ann@example.com")
	var browsers []*gateway.Person
	for range 3 {
		p := gateway.NewPerson(t)
		p.Browse(byCallback(t, town, p, town.one+"/", "ann@example.com"))
		p.Browse(town.wiki + "/")
		browsers = append(browsers, p)
	}
	signedIn := func() (n int) {
		for _, p := range browsers {
			for _, site := range []string{town.one, town.wiki} {
				if p.Get(site+"/page").Status == http.StatusOK {
					n++
				}
			}
		}
		return n
	}
	if n := signedIn(); n != 6 {
		t.Fatalf("%d of 6", n)
	}
	browsers[0].SignOut(town.wiki)
	gateway.Eventually(t, "one browser is out on both hosts, the others on none", func() bool { return signedIn() == 4 })
	got := browsers[1].Post(town.one+"/.gatehouse/logout", "everywhere=1", "Origin", town.one, "Accept", "text/html")
	if got.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	gateway.Eventually(t, "every browser is out on every host", func() bool { return signedIn() == 0 })
	if n := sessionsOf(t, town.gateway, "ann@example.com"); n != 0 {
		t.Errorf("the store holds %d sign-ins", n)
	}
}
