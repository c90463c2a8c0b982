package stories

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

// A gateway built with the race detector does everything at once: people sign up, browse, hold streams open and sign out,
// roles change, configurations are loaded anew. The detector finds nothing.
func TestLongRacesOfAWholeGateway(t *testing.T) {
	t.Parallel()
	for name, sessions := range map[string]string{"embedded": "embedded", "redis": "redis " + servers.FreshRedis(t)} {
		t.Run(name, func(t *testing.T) {
			site, up := newSite(t), gateway.StartUpstream(t)
			global := shared("sqlite "+filepath.Join(t.TempDir(), "users.db"), sessions) + "\n\t\tthrottle {\n\t\t\taddress 100000 per 15m\n\t\t}"
			g := gateway.StartBinary(t, servers.CaddyRace(t), plain(global, site, publicAndEdit, up))
			ctx, stop := context.WithCancel(t.Context())
			var people, operator sync.WaitGroup
			for i := range 4 {
				people.Go(func() {
					for round := range max(2, servers.Scale(t, 6)) {
						p, login := gateway.NewPerson(t), fmt.Sprintf("p%d-%d@example.com", i, round)
						// a reload resets connections that wait in the old socket's queue: not what is asked about here
						try := func(method, path string, body any) gateway.Answer {
							got, err := p.Try(t.Context(), method, site+path, body)
							if err != nil {
								got, _ = p.Try(t.Context(), method, site+path, body)
							}
							return got
						}
						try(http.MethodPost, "/.gatehouse/api/v1/signup", map[string]any{"email": login, "password": gateway.Password})
						try(http.MethodPost, "/.gatehouse/api/v1/login", map[string]any{"login": login, "password": gateway.Password})
						var streams sync.WaitGroup
						for _, path := range []string{"/events", "/edit/events", "/open/events"} {
							streams.Go(func() {
								ctx, cancel := context.WithCancel(t.Context())
								defer cancel()
								done := make(chan struct{})
								go func() {
									defer close(done)
									_, _ = p.Try(ctx, http.MethodGet, site+path, nil)
								}()
								for range 5 {
									try(http.MethodGet, "/page", nil)
									up.Tick()
								}
								cancel()
								<-done
							})
						}
						_, _ = g.Command("", "users", "set", login, "--add-role", "editor")
						streams.Wait()
						try(http.MethodGet, "/edit/x", nil)
						try(http.MethodPost, "/.gatehouse/api/v1/logout", map[string]any{})
					}
				})
			}
			operator.Go(func() {
				for ctx.Err() == nil {
					if err := g.Reload(); err != nil {
						t.Errorf("reload: %v", err)
					}
					g.MustCommand("", "sessions", "list", "--json")
				}
			})
			people.Wait()
			stop()
			operator.Wait()
			g.Stop()
			if log := g.Log(); strings.Contains(log, "DATA RACE") {
				t.Errorf("%s", log[strings.Index(log, "WARNING: DATA RACE"):][:4000])
			}
		})
	}
}
