package stories

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

func usersNamed(t *testing.T, g *gateway.Gateway, query string) int {
	t.Helper()
	var got struct{ Users []json.RawMessage }
	raw := g.MustCommand("", "users", "list", "--query", query, "--json")
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return len(got.Users)
}

// A hundred sign-ups with one mailbox, in several spellings, at two gateways at once make one account, and one of them is
// told that it is theirs.
func TestAHundredSignUpsAtTwoGatewaysMakeOneAccount(t *testing.T) {
	t.Parallel()
	for name, global := range mainStores(t) {
		if strings.Contains(name, "watched") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b, siteA, siteB := twoGateways(t, global(t))
			name := fmt.Sprintf("ann-%d@example.com", servers.FreePort(t))
			var mu sync.Mutex
			count := map[int]int{}
			var winner *gateway.Person
			var race sync.WaitGroup
			for i := range 100 {
				race.Go(func() {
					p := gateway.NewPerson(t)
					email := []string{name, strings.ToUpper(name), strings.Replace(name, "example.com", "Example.COM", 1), "Ann" + name[3:]}[i%4]
					got := p.DoPatiently(http.MethodPost, []string{siteA, siteB}[i%2]+"/.gatehouse/api/v1/signup", map[string]any{"email": email, "password": gateway.Password})
					mu.Lock()
					defer mu.Unlock()
					if count[got.Status]++; got.Status == http.StatusCreated {
						winner = p
					} else if got.Status != http.StatusConflict || got.Code() != "user_exists" || hasSession(got) {
						t.Errorf("%d %v %s", got.Status, got.Header, got.Body)
					}
				})
			}
			race.Wait()
			if count[http.StatusCreated] != 1 {
				t.Fatalf("answers: %v", count)
			}
			if n := usersNamed(t, a, name); n != 1 {
				t.Errorf("%d accounts", n)
			}
			if n := sessionsOf(t, b, name); n != 1 {
				t.Errorf("%d sign-ins", n)
			}
			if got := winner.Get(siteB + "/page"); got.Status != http.StatusOK || !strings.Contains(got.Body, name) {
				t.Errorf("the one: %d %s", got.Status, got.Body)
			}
		})
	}
}

// A power cut in the middle of many sign-ups: whoever was told that they are signed in is, and has an account. Whoever was
// told nothing has a whole account or none.
func TestEverySignUpThatWasAcknowledgedSurvivesAKill(t *testing.T) {
	t.Parallel()
	for name, sessions := range map[string]string{"embedded": "embedded", "redis": "redis " + servers.FreshRedis(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := newSite(t)
			global := shared("sqlite "+filepath.Join(t.TempDir(), "users.db"), sessions) + "\n\t\tthrottle {\n\t\t\taddress 100000 per 15m\n\t\t}"
			g := gateway.Start(t, plain(global, site, "allow user", gateway.StartUpstream(t)))
			enough := max(12, servers.Scale(t, 200))
			type result struct {
				*gateway.Person
				email        string
				acknowledged bool
			}
			var mu sync.Mutex
			var results []result
			next, half := 0, make(chan struct{})
			var people sync.WaitGroup
			for range 6 {
				people.Go(func() {
					for killed := false; !killed; {
						mu.Lock()
						r := result{Person: gateway.NewPerson(t), email: fmt.Sprintf("p%d@example.com", next)}
						next++
						mu.Unlock()
						got, err := r.Try(context.WithoutCancel(t.Context()), http.MethodPost, site+"/.gatehouse/api/v1/signup", map[string]any{"email": r.email, "password": gateway.Password})
						killed = err != nil
						r.acknowledged = !killed && got.Status == http.StatusCreated
						if !killed && !r.acknowledged {
							t.Errorf("%s: %d %s", r.email, got.Status, got.Body)
						}
						mu.Lock()
						if results = append(results, r); len(results) == enough {
							close(half)
						}
						mu.Unlock()
					}
				})
			}
			<-half
			g.Kill() // with six of them under way
			people.Wait()
			g.Run()
			kept := 0
			for _, r := range results {
				if !r.acknowledged {
					login := gateway.NewPerson(t).TryPassword(site, r.email, gateway.Password)
					again := gateway.NewPerson(t).Do(http.MethodPost, site+"/.gatehouse/api/v1/signup", map[string]any{"email": r.email, "password": gateway.Password})
					if (login.Status != http.StatusOK || again.Status != http.StatusConflict) && (login.Status != http.StatusUnauthorized || again.Status != http.StatusCreated) {
						t.Errorf("%s, who was told nothing: signing in %d, signing up %d", r.email, login.Status, again.Status)
					}
					continue
				}
				kept++
				if got := r.Get(site + "/page"); got.Status != http.StatusOK || !strings.Contains(got.Body, `"Remote-User":["`+r.email+`"]`) {
					t.Errorf("%s is signed out: %d", r.email, got.Status)
				}
				gateway.NewPerson(t).SignIn(site, r.email)
			}
			t.Logf("%d of %d were acknowledged before the kill", kept, len(results))
		})
	}
}
