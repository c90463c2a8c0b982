package stories

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

// ownGoroutines counts those that stand in code of ours. reverse_proxy keeps idle connections to upstreams of configurations
// that are gone for two minutes; they are Caddy's own.
func ownGoroutines(t *testing.T, g *gateway.Gateway) int {
	t.Helper()
	total := 0
	for stack := range strings.SplitSeq(g.Goroutines(), "\n\n") {
		if !strings.Contains(stack, "gatehouse-auth/gatehouse/") {
			continue
		}
		count, _, _ := strings.Cut(stack[strings.LastIndex(stack[:strings.Index(stack, " @")], "\n")+1:], " @")
		n, err := strconv.Atoi(count)
		if err != nil {
			t.Fatalf("%v in %s", err, stack)
		}
		total += n
	}
	return total
}

func TestReloadsUnderLoadFailNoRequestAndLoseNoSessionAndNoGoroutine(t *testing.T) {
	t.Parallel()
	for name, sessions := range map[string]string{"embedded": "embedded", "redis": "redis " + servers.FreshRedis(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := newSite(t)
			up := gateway.StartUpstream(t)
			g := gateway.Start(t, plain(shared("sqlite", sessions), site, publicAndEdit, up))
			p := gateway.NewPerson(t)
			p.SignUp(site, "ann@example.com")
			if err := g.Reload(); err != nil { // what a first reload makes once is no leak
				t.Fatal(err)
			}
			before := ownGoroutines(t, g)

			ctx, stop := context.WithCancel(t.Context())
			var load sync.WaitGroup
			var served atomic.Int64
			for range 4 {
				load.Go(func() {
					for ctx.Err() == nil {
						got, err := p.Try(context.WithoutCancel(ctx), http.MethodGet, site+"/page", nil)
						if err != nil {
							// Caddy opens its socket anew with every configuration (SO_REUSEPORT), and the kernel resets connections
							// that wait in the old one's queue. Browsers send such a request again, on another connection.
							got, err = p.Try(context.WithoutCancel(ctx), http.MethodGet, site+"/page", nil)
						}
						if err != nil || got.Status != http.StatusOK {
							t.Errorf("under reload: %v %d %s", err, got.Status, got.Body)
							return
						}
						served.Add(1)
					}
				})
			}
			for range max(10, servers.Scale(t, 100)) {
				at := served.Load()
				if err := g.Reload(); err != nil {
					t.Errorf("reload: %v", err)
				}
				gateway.Eventually(t, "requests are served between reloads", func() bool { return served.Load() > at+4 || t.Failed() })
			}
			stop()
			load.Wait()
			p.Client.CloseIdleConnections()
			t.Logf("%d requests served", served.Load())
			if !gateway.Comes(func() bool { return ownGoroutines(t, g) <= before }) {
				t.Errorf("%d goroutines of ours before, %d after:\n%s", before, ownGoroutines(t, g), g.Goroutines())
			}
			if t.Failed() {
				t.Log(g.Log())
			}
		})
	}
}

func TestARejectedReloadTouchesNothingLive(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	up := gateway.StartUpstream(t)
	good := plain(shared("sqlite", "embedded"), site, publicAndEdit, up)
	g := gateway.Start(t, good)
	p := gateway.NewPerson(t)
	p.SignUp(site, "ann@example.com")
	for name, bad := range map[string]string{
		"an unknown word":         plain(shared("sqlite", "embedded"), site, "permit all", up),
		"another root key":        plain("secret another-secret-that-is-long-enough-too\n\t\tsignup open", site, publicAndEdit, up),
		"a database out of reach": plain("users postgres postgres://nobody@127.0.0.1:1/none\n\t\tsecret a-secret-of-this-test-that-is-long-enough", site, publicAndEdit, up),
	} {
		g.Write(bad)
		if err := g.Reload(); err == nil {
			t.Errorf("%s was accepted", name)
		}
		if got := p.Get(site + "/page"); got.Status != http.StatusOK {
			t.Errorf("after %s: %d %s", name, got.Status, got.Body)
		}
	}
	g.Write(good)
	if err := g.Reload(); err != nil {
		t.Errorf("the good one again: %v", err)
	}
	if got := p.Get(site + "/page"); got.Status != http.StatusOK {
		t.Errorf("in the end: %d %s", got.Status, got.Body)
	}
}

func TestASignInThatHasBegunSurvivesAReload(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	g := gateway.Start(t, plain(shared("sqlite", "embedded"), site, publicAndEdit, gateway.StartUpstream(t)))
	gateway.NewPerson(t).SignUp(site, "ann@example.com")
	p := gateway.NewPerson(t)
	asked := p.Get(site+"/page?q=1", "Accept", "text/html")
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
	got := p.SubmitLogin(site, asked.Header.Get("Location"), "ann@example.com")
	if got.Status != http.StatusSeeOther || got.Header.Get("Location") != "/page?q=1" {
		t.Errorf("%d to %q", got.Status, got.Header.Get("Location"))
	}
}
