package stories

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

// cut waits until a stream has ended, and tells how long that took.
func cut(t *testing.T, what string, s *gateway.Stream, since time.Time) {
	t.Helper()
	gateway.Eventually(t, what+" is cut", s.Over)
	t.Logf("%s was cut after %v", what, time.Since(since).Round(time.Millisecond))
}

// What was opened with a session does not outlive it: not its sign-out, not a disablement by the other gateway, and not
// the loss of the role that it needed. What others have open goes on.
func TestOpenStreamsEndWithTheRightThatOpenedThem(t *testing.T) {
	t.Parallel()
	for name, global := range mainStores(t) {
		if name == "SQLite and a watched Redis" {
			continue // as a Redis alone
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := gateway.StartUpstream(t)
			siteA, siteB := newSite(t), newSite(t)
			text := global(t)
			gateway.Start(t, plain(text, siteA, publicAndEdit, up))
			b := gateway.Start(t, plain(text, siteB, publicAndEdit, up))
			email := func(who string) string { return fmt.Sprintf("%s-%d@example.com", who, servers.FreePort(t)) }
			other := gateway.NewPerson(t)
			other.SignUp(siteA, email("other"))
			othersEvents, othersSocket := other.Events(siteA+"/events"), other.Socket(siteA+"/socket")

			for what, end := range map[string]func(p *gateway.Person, login string){
				"signing out here":                 func(p *gateway.Person, _ string) { p.SignOut(siteA) },
				"signing out at the other gateway": func(p *gateway.Person, _ string) { p.SignOut(siteB) },
				"disablement at the other gateway": func(_ *gateway.Person, login string) { b.MustCommand("", "users", "disable", login) },
				"loss of the role, at the other one": func(_ *gateway.Person, login string) {
					b.MustCommand("", "users", "set", login, "--remove-role", "editor")
				},
			} {
				p, login := gateway.NewPerson(t), email("ann")
				p.SignUp(siteA, login)
				b.MustCommand("", "users", "set", login, "--add-role", "editor")
				gateway.Eventually(t, "the role is there", func() bool { return p.Get(siteA+"/edit/x").Status == http.StatusOK })
				socket := p.Socket(siteA + "/edit/socket")
				// told by what the request accepts, and by the answer's type alone
				asked, unasked := p.Events(siteA+"/edit/events", "Accept", "text/event-stream"), p.Events(siteA+"/edit/events")
				began := time.Now()
				end(p, login)
				cut(t, "after "+what+" a WebSocket", socket, began)
				cut(t, "after "+what+" a stream", asked, began)
				cut(t, "after "+what+" a stream that nobody announced", unasked, began)
			}
			up.Tick()
			othersEvents.Hears(t, "data: tick")
			othersSocket.Repeats(t, "still here")
		})
	}
}

// The same over other versions of HTTP, where many streams share one connection, and from host to host.
func TestStreamsEndOnEveryHostAndEveryProtocol(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	gateway.NewPerson(t).SignUpAt(town.auth, "ann@example.com")
	for _, protocol := range gateway.Protocols {
		p, other := gateway.NewPersonOver(t, protocol), gateway.NewPersonOver(t, protocol)
		for _, who := range []*gateway.Person{p, other} {
			who.Browse(byCallback(t, town, who, town.one+"/", "ann@example.com"))
			who.Browse(town.wiki + "/")
		}
		events, socket, others := p.Events(town.one+"/events"), p.Socket(town.one+"/socket"), other.Events(town.one+"/events")
		began := time.Now()
		p.SignOut(town.wiki) // another host, the same sign-in
		cut(t, protocol+": a stream", events, began)
		cut(t, "a WebSocket", socket, began)
		town.up.Tick()
		others.Hears(t, "data: tick") // the same person, another sign-in
	}
}

// A stream outlives the configuration under which it was opened, but not its session.
func TestAStreamFromBeforeAReloadEndsWithItsSession(t *testing.T) {
	t.Parallel()
	for name, sessions := range map[string]string{"embedded": "embedded", "redis": "redis " + servers.FreshRedis(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site, up := newSite(t), gateway.StartUpstream(t)
			g := gateway.Start(t, plain(shared("sqlite", sessions), site, publicAndEdit, up))
			p, other := gateway.NewPerson(t), gateway.NewPerson(t)
			p.SignUp(site, "ann@example.com")
			other.SignUp(site, "bob@example.com")
			asked, unasked := p.Events(site+"/events", "Accept", "text/event-stream"), p.Events(site+"/events")
			others := other.Events(site + "/events")
			for range 3 {
				if err := g.Reload(); err != nil {
					t.Fatal(err)
				}
			}
			up.Tick()
			for _, s := range []*gateway.Stream{asked, unasked, others} {
				s.Hears(t, "data: tick")
			}
			began := time.Now()
			p.SignOut(site)
			cut(t, "a stream", asked, began)
			cut(t, "a stream that nobody announced", unasked, began)
			up.Tick()
			others.Hears(t, "data: tick")
		})
	}
}

// Browsers send cookies along with a WebSocket that any page opens, and ask nobody (cross-site WebSocket hijacking).
func TestNoOtherPageOpensAWebSocket(t *testing.T) {
	t.Parallel()
	_, site, _, up := localSite(t, "optional /maybe/*\n\t\tallow user")
	p := gateway.NewPerson(t)
	p.SignUp(site, "ann@example.com")
	upgrade := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}
	for _, origin := range []string{"https://evil.example", "http://localhost:1", "http://localhost.evil.example", "null", site[:len(site)-1], "https" + site[4:]} {
		for _, path := range []string{"/socket", "/maybe/socket"} {
			got := p.Get(site+path, append(upgrade, "Origin", origin)...)
			if got.Status != http.StatusForbidden || got.Code() != "cross_origin" {
				t.Errorf("%s from %s: %d %s", path, origin, got.Status, got.Body)
			}
		}
	}
	if n := len(up.Requests()); n != 0 {
		t.Errorf("the app has seen %d of them", n)
	}
	p.Socket(site + "/socket")
}

// A request that was under way when its person signed out ends as it began, and revives nothing: not by an answer, not by
// the time of its last use, which is written later.
func TestARequestUnderWayAtSignOutRevivesNothing(t *testing.T) {
	t.Parallel()
	for name, global := range mainStores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := gateway.StartUpstream(t)
			siteA, siteB := newSite(t), newSite(t)
			text := global(t)
			a := gateway.Start(t, plain(text, siteA, publicAndEdit, up))
			b := gateway.Start(t, plain(text, siteB, publicAndEdit, up))
			p, login := gateway.NewPerson(t), fmt.Sprintf("ann-%d@example.com", servers.FreePort(t))
			p.SignUp(siteA, login)
			cookie := "gatehouse=" + p.Cookie(siteA, "gatehouse")
			slow := make(chan gateway.Answer)
			for _, site := range []string{siteA, siteB} {
				go func() {
					got, _ := gateway.NewPerson(t).Try(t.Context(), http.MethodGet, site+"/slow", nil, "Cookie", cookie)
					slow <- got
				}()
			}
			gateway.Eventually(t, "both are under way", func() bool { return len(up.Requests()) == 2 })
			p.SignOut(siteA)
			up.Release()
			for range 2 {
				if got := <-slow; got.Status != http.StatusOK || hasSession(got) {
					t.Errorf("what was under way: %d %v", got.Status, got.Header)
				}
			}
			a.Stop() // what it still had to write is written
			gateway.Eventually(t, "the secret opens nothing", func() bool {
				return gateway.NewPerson(t).Get(siteB+"/page", "Cookie", cookie).Status == http.StatusUnauthorized
			})
			if n := sessionsOf(t, b, login); n != 0 {
				t.Errorf("the store holds %d sign-ins", n)
			}
		})
	}
}
