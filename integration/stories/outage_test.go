package stories

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

func TestWithoutItsSessionStoreAGatewayServesWhatIsPublicAndSignsNobodyOut(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct{ begin, end func(*servers.RedisServer) }{
		"gone": {func(r *servers.RedisServer) { r.Kill() }, func(r *servers.RedisServer) { r.Start() }},
		"hung": {func(r *servers.RedisServer) { r.Pause() }, func(r *servers.RedisServer) { r.Resume() }},
	} {
		t.Run(name, func(t *testing.T) {
			server := servers.StartRedis(t)
			site := newSite(t)
			g := gateway.Start(t, plain(shared("sqlite "+filepath.Join(t.TempDir(), "users.db"), "redis "+server.URL), site, publicAndEdit, gateway.StartUpstream(t)))
			p, stranger := gateway.NewPerson(t), gateway.NewPerson(t)
			p.SignUp(site, "ann@example.com")
			fault.begin(server)
			gateway.Eventually(t, "what cannot be checked is not let in", func() bool {
				return p.Get(site+"/page").Status == http.StatusServiceUnavailable
			})
			got := p.Get(site + "/page")
			if got.Status != http.StatusServiceUnavailable || got.Code() != "store_unavailable" || got.Header.Get("Retry-After") == "" || got.Header["Set-Cookie"] != nil {
				t.Errorf("a program: %d %v %s", got.Status, got.Header, got.Body)
			}
			if got := p.Get(site+"/page", "Accept", "text/html"); got.Status != http.StatusServiceUnavailable || got.Header["Set-Cookie"] != nil {
				t.Errorf("a browser: %d %v", got.Status, got.Header)
			}
			if got := p.Get(site + "/maybe"); got.Status != http.StatusServiceUnavailable {
				t.Errorf("optional with a cookie: %d", got.Status)
			}
			for _, path := range []string{"/open/x", "/maybe"} {
				if got := stranger.Get(site + path); got.Status != http.StatusOK {
					t.Errorf("%s without a cookie: %d", path, got.Status)
				}
			}
			if got := p.Get(site + "/open/x"); got.Status != http.StatusOK {
				t.Errorf("public with a cookie: %d", got.Status)
			}
			if got := stranger.Get(site + "/page"); got.Status != http.StatusUnauthorized {
				t.Errorf("a stranger: %d", got.Status)
			}
			if got := stranger.Do(http.MethodPost, site+"/.gatehouse/api/v1/login", map[string]any{"login": "ann@example.com", "password": gateway.Password}); got.Status != http.StatusServiceUnavailable {
				t.Errorf("signing in without counting guesses: %d %s", got.Status, got.Body)
			}
			fault.end(server)
			gateway.Eventually(t, "everyone is still signed in when the store is back", func() bool {
				return p.Get(site+"/page").Status == http.StatusOK
			})
			_ = g
		})
	}
}

func TestWithoutTheUsersDatabaseSignedInPeopleGoOn(t *testing.T) {
	t.Parallel()
	postgres := servers.StartPostgres(t)
	site := newSite(t)
	gateway.Start(t, plain(shared("postgres "+postgres.URL, "redis "+servers.FreshRedis(t)), site, publicAndEdit, gateway.StartUpstream(t)))
	p, stranger := gateway.NewPerson(t), gateway.NewPerson(t)
	p.SignUp(site, "ann@example.com")
	p.Get(site + "/page")
	postgres.Kill()
	for range 3 {
		if got := p.Get(site + "/page"); got.Status != http.StatusOK {
			t.Errorf("a page: %d %s", got.Status, got.Body)
		}
	}
	if got := stranger.Do(http.MethodPost, site+"/.gatehouse/api/v1/login", map[string]any{"login": "ann@example.com", "password": gateway.Password}); got.Status != http.StatusServiceUnavailable || got.Code() != "store_unavailable" {
		t.Errorf("signing in: %d %s", got.Status, got.Body)
	}
	if got := p.Get(site+"/.gatehouse/account", "Accept", "text/html"); got.Status != http.StatusServiceUnavailable || got.Header["Set-Cookie"] != nil {
		t.Errorf("the account page: %d %v", got.Status, got.Header)
	}
	if got := p.Get(site + "/page"); got.Status != http.StatusOK {
		t.Errorf("a page afterwards: %d", got.Status)
	}
	postgres.Start()
	gateway.Eventually(t, "signing in works again when the database is back", func() bool {
		return stranger.Do(http.MethodPost, site+"/.gatehouse/api/v1/login", map[string]any{"login": "ann@example.com", "password": gateway.Password}).Status == http.StatusOK
	})
}

func TestASessionSurvivesKillAndRestartOfTheGateway(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	g := gateway.Start(t, plain(shared("sqlite", "embedded"), site, publicAndEdit, gateway.StartUpstream(t)))
	p := gateway.NewPerson(t)
	p.SignUp(site, "ann@example.com")
	g.Kill()
	g.Run()
	if got := p.Get(site + "/page"); got.Status != http.StatusOK {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}
