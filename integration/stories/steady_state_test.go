package stories

import (
	"context"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

// redisFacts reads what a Redis counts about itself: commands by name, connections accepted, keys kept.
func redisFacts(t *testing.T, url string) (calls map[string]int, connections, keys int) {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(options)
	defer c.Close()
	ctx := context.Background()
	info, err := c.Info(ctx, "commandstats", "stats").Result()
	if err != nil {
		t.Fatal(err)
	}
	calls = map[string]int{}
	for line := range strings.Lines(info) {
		line = strings.TrimSpace(line)
		if name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls="); ok {
			n, _, _ := strings.Cut(rest, ",")
			calls[name], _ = strconv.Atoi(n)
		}
		if n, ok := strings.CutPrefix(line, "total_connections_received:"); ok {
			connections, _ = strconv.Atoi(n)
		}
	}
	size, err := c.DBSize(ctx).Result()
	if err != nil {
		t.Fatal(err)
	}
	return calls, connections, int(size)
}

func redisGateway(t *testing.T) (site, url string) {
	t.Helper()
	server := servers.StartRedis(t, servers.InMemory())
	site = newSite(t)
	global := shared("sqlite "+filepath.Join(t.TempDir(), "users.db"), "redis "+server.URL)
	gateway.Start(t, plain(global, site, publicAndEdit, gateway.StartUpstream(t)))
	return site, server.URL
}

func TestAuthorisedRequestsAskRedisNothing(t *testing.T) {
	t.Parallel()
	site, url := redisGateway(t)
	p := gateway.NewPerson(t)
	p.SignUp(site, "ann@example.com")
	p.Get(site + "/page") // the session is remembered from here on
	before, connectionsBefore, _ := redisFacts(t, url)
	const requests = 1000
	for range requests {
		if got := p.Get(site + "/page"); got.Status != http.StatusOK {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
	after, connectionsAfter, _ := redisFacts(t, url)
	for name, n := range after {
		switch delta := n - before[name]; name {
		case "publish", "ping", "info", "dbsize", "client", "client|setinfo", "hello", "select", "client|maint_notifications": // the heartbeat, four a second, and this test's own
		default:
			if delta > 1 { // last-seen is written at most once a minute
				t.Errorf("%d requests made %d calls of %s", requests, delta, name)
			}
		}
	}
	if opened := connectionsAfter - connectionsBefore; opened > 1 { // this test's own
		t.Errorf("%d requests opened %d connections", requests, opened)
	}
}

func TestStrangersLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	site, url := redisGateway(t)
	_, _, before := redisFacts(t, url)
	for range 1000 {
		p := gateway.NewPerson(t)
		if got := p.Get(site+"/page", "Accept", "text/html"); got.Status != http.StatusFound {
			t.Fatalf("%d %s", got.Status, got.Body)
		} else if p.Get(site+got.Header.Get("Location")).Status != http.StatusOK {
			t.Fatal("no login page")
		}
		p.Get(site+"/page", "Cookie", "gatehouse=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
		p.Client.CloseIdleConnections()
	}
	if _, _, after := redisFacts(t, url); after != before {
		t.Errorf("1,000 strangers left %d keys", after-before)
	}
}
