package stories

import (
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

// Two gateways stand before the same host, as behind a load balancer: what one does is in force on the other.
func twoGateways(t *testing.T, global string) (a, b *gateway.Gateway, siteA, siteB string) {
	t.Helper()
	up := gateway.StartUpstream(t)
	siteA, siteB = newSite(t), newSite(t) // a session belongs to a host name without port
	a = gateway.Start(t, plain(global, siteA, publicAndEdit, up))
	b = gateway.Start(t, plain(global, siteB, publicAndEdit, up))
	return a, b, siteA, siteB
}

// stores are the ways in which gateways share what they remember. Some are shared with other tests, and all come from one
// address: its limit is a wide one.
func stores(t *testing.T) map[string]func(t *testing.T) string {
	shared := func(users, sessions string) string {
		return shared(users, sessions) + "\n\t\tthrottle {\n\t\t\taddress 100000 per 15m\n\t\t}"
	}
	return map[string]func(t *testing.T) string{
		"SQLite in one file": func(t *testing.T) string {
			return shared("sqlite "+filepath.Join(t.TempDir(), "users.db"), "embedded")
		},
		"PostgreSQL": func(t *testing.T) string { return shared("postgres "+servers.FreshPostgres(t), "embedded") },
		"PostgreSQL and Redis": func(t *testing.T) string {
			return shared("postgres "+servers.FreshPostgres(t), "redis "+servers.FreshRedis(t))
		},
		"SQLite and a Redis cluster": func(t *testing.T) string {
			return shared("sqlite "+filepath.Join(t.TempDir(), "users.db"), "redis "+strings.Join(servers.RedisCluster(t), " "))
		},
		"SQLite and a watched Redis": func(t *testing.T) string {
			return shared("sqlite "+filepath.Join(t.TempDir(), "users.db"), "redis "+servers.RedisSentinel(t))
		},
	}
}

// mainStores are the two kinds of sharing: one file, and servers. Long runs have all: what a driver owes a gateway is held by
// its own suite, and TestWhatOneGatewayDoesIsInForceOnTheOther goes through all of them in every run.
func mainStores(t *testing.T) map[string]func(t *testing.T) string {
	all := stores(t)
	if !servers.Long(t) {
		maps.DeleteFunc(all, func(name string, _ func(*testing.T) string) bool {
			return name != "SQLite in one file" && name != "PostgreSQL and Redis"
		})
	}
	return all
}

func TestWhatOneGatewayDoesIsInForceOnTheOther(t *testing.T) {
	t.Parallel()
	for name, global := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b, siteA, siteB := twoGateways(t, global(t))
			_ = a
			p := gateway.NewPerson(t)
			email := fmt.Sprintf("ann-%d@example.com", servers.FreePort(t)) // stores that are shared between tests keep names apart
			p.SignUp(siteA, email)

			if got := p.Get(siteB + "/page?q=1"); got.Status != http.StatusOK || !strings.Contains(got.Body, email) {
				t.Fatalf("signed in on one, the other answers %d %s", got.Status, got.Body)
			}
			if got := p.Get(siteA + "/edit/"); got.Status != http.StatusForbidden {
				t.Fatalf("without the role: %d", got.Status)
			}
			b.MustCommand("", "users", "set", email, "--add-role", "editor")
			gateway.Eventually(t, "a role given on the other gateway opens the door", func() bool {
				return p.Get(siteA+"/edit/").Status == http.StatusOK
			})
			b.MustCommand("", "users", "set", email, "--remove-role", "editor")
			gateway.Eventually(t, "a role taken on the other gateway closes it", func() bool {
				return p.Get(siteA+"/edit/").Status == http.StatusForbidden
			})
			p.Get(siteB + "/page") // known to both caches
			if got := p.Do(http.MethodPost, siteB+"/.gatehouse/api/v1/logout", map[string]any{}); got.Status != http.StatusNoContent {
				t.Fatalf("signing out: %d %s", got.Status, got.Body)
			}
			// the client has lost its cookie with the answer: what counts is that the secret itself opens nothing any more
			gateway.Eventually(t, "signed out on one, signed out on the other", func() bool {
				return p.Get(siteA+"/page").Status == http.StatusUnauthorized
			})
		})
	}
}

func TestASecretThatWasSignedOutOpensNothingAnywhere(t *testing.T) {
	t.Parallel()
	for name, global := range mainStores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, siteA, siteB := twoGateways(t, global(t))
			p, thief := gateway.NewPerson(t), gateway.NewPerson(t)
			p.SignUp(siteA, fmt.Sprintf("bob-%d@example.com", servers.FreePort(t)))
			cookie := "gatehouse=" + p.Cookie(siteA, "gatehouse")
			for _, site := range []string{siteA, siteB} {
				if got := thief.Get(site+"/page", "Cookie", cookie); got.Status != http.StatusOK {
					t.Fatalf("before: %d", got.Status)
				}
			}
			p.Do(http.MethodPost, siteA+"/.gatehouse/api/v1/logout", map[string]any{})
			if got := thief.Get(siteA+"/page", "Cookie", cookie); got.Status != http.StatusUnauthorized {
				t.Errorf("on the gateway that signed out: %d", got.Status)
			}
			gateway.Eventually(t, "the other gateway forgets the session", func() bool {
				return thief.Get(siteB+"/page", "Cookie", cookie).Status == http.StatusUnauthorized
			})
		})
	}
}

func TestADisabledAccountIsOutEverywhere(t *testing.T) {
	t.Parallel()
	for name, global := range mainStores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _, siteA, siteB := twoGateways(t, global(t))
			p := gateway.NewPerson(t)
			email := fmt.Sprintf("eve-%d@example.com", servers.FreePort(t))
			p.SignUp(siteA, email)
			p.Get(siteB + "/page")
			a.MustCommand("", "users", "disable", email)
			gateway.Eventually(t, "a disabled account is out on the other gateway", func() bool {
				return p.Get(siteB+"/page").Status == http.StatusUnauthorized
			})
			got := p.Do(http.MethodPost, siteB+"/.gatehouse/api/v1/login", map[string]any{"login": email, "password": gateway.Password})
			if got.Status != http.StatusForbidden || got.Code() != "account_disabled" {
				t.Errorf("signing in: %d %s", got.Status, got.Body)
			}
		})
	}
}
