package redis_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/redis"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

// commands returns how often each command was called since the statistics were reset.
func commands(t *testing.T, rdb *goredis.Client) map[string]int {
	t.Helper()
	calls := map[string]int{}
	for line := range strings.Lines(rdb.Info(t.Context(), "commandstats").Val()) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), ":calls=")
		if ok {
			n, _, _ := strings.Cut(rest, ",")
			calls[strings.TrimPrefix(name, "cmdstat_")], _ = strconv.Atoi(n)
		}
	}
	return calls
}

func connections(t *testing.T, rdb *goredis.Client) int {
	t.Helper()
	for line := range strings.Lines(rdb.Info(t.Context(), "stats").Val()) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "total_connections_received:"); ok {
			n, _ := strconv.Atoi(v)
			return n
		}
	}
	t.Fatal("INFO told no total_connections_received")
	return 0
}

// TestSteadyStateIsHeartbeatsOnly: an idle gateway sends its beats, on connections that it has.
func TestSteadyStateIsHeartbeatsOnly(t *testing.T) {
	t.Parallel()
	server := servers.StartRedis(t)
	rdb := server.Client()
	s := open(t, []string{server.URL}, time.Now)
	expect(t, states(t, s), true, 5*time.Second, "at first")
	l := stored(t, s, time.Now())
	for range 20 {
		if _, err := s.Session(t.Context(), l.Session.Key); err != nil {
			t.Fatal(err)
		}
	}
	before := connections(t, rdb)
	must(t, rdb.ConfigResetStat(t.Context()).Err())
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for commands(t, rdb)["publish"] < 4 { // the heartbeats of about a second are what is looked at
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("no heartbeats")
		}
	}
	for range 100 {
		if _, err := s.Session(t.Context(), l.Session.Key); err != nil {
			t.Fatal(err)
		}
	}
	calls := commands(t, rdb)
	if calls["get"] != 100 {
		t.Errorf("%d GETs for 100 reads", calls["get"])
	}
	for name := range calls {
		if name != "get" && name != "publish" && name != "info" && name != "config|resetstat" {
			t.Errorf("an idle gateway sent %s", name)
		}
	}
	if after := connections(t, rdb); after != 0 && after > before {
		t.Errorf("connections went from %d to %d", before, after)
	}
}

// TestEveryKeyExpiresAndAnEndedSessionLeavesNone: after all sessions ended, tickets were taken and guesses given back,
// no key is left but what expires by itself.
func TestEveryKeyExpiresAndAnEndedSessionLeavesNone(t *testing.T) {
	t.Parallel()
	server := servers.StartRedis(t)
	rdb := server.Client()
	s := open(t, []string{server.URL}, time.Now)
	now := time.Now()
	l := stored(t, s, now)
	childOf(t, s, l, "app.example.com")
	must(t, s.ProveSession(t.Context(), l.Session.Key, newKey(), store.Proof{Method: "totp", At: now}))
	key := newKey()
	must(t, s.PutTicket(t.Context(), "x", key, nil, now.Add(time.Minute)))
	_, _, err := s.Count(t.Context(), "x", 9, time.Minute)
	must(t, err)
	must(t, s.RefreshIdentity(t.Context(), l.Identity))
	names := rdb.Keys(t.Context(), "*").Val()
	if len(names) != 6 { // sign-in, child, index, mark, ticket, counter
		t.Errorf("%d keys: %q", len(names), names)
	}
	for _, name := range names {
		if ttl := rdb.PTTL(t.Context(), name).Val(); ttl <= 0 || ttl > 12*time.Hour+2*time.Minute {
			t.Errorf("%q expires in %v", name, ttl)
		}
		if !strings.HasPrefix(name, "gatehouse:") {
			t.Errorf("%q is outside of our prefix", name)
		}
	}
	must(t, s.EndSession(t.Context(), l.Session.UserID, l.Session.ID))
	must(t, s.Release(t.Context(), "x"))
	_, err = s.TakeTicket(t.Context(), "x", key)
	must(t, err)
	if names := rdb.Keys(t.Context(), "*").Val(); len(names) != 1 || !strings.HasPrefix(names[0], "gatehouse:v{") {
		t.Errorf("left behind: %q", names)
	}
}

// documentedACL is what docs/store-redis.md tells operators to allow.
const documentedACL = "~gatehouse:* &gatehouse:* +@connection +ping +info +get +set +setnx +del +getdel +exists +pttl +pexpire +hget +hset +hdel " +
	"+hlen +hscan +hrandfield +eval +evalsha +publish +subscribe +unsubscribe +cluster|slots"

func TestTheDocumentedACLIsEnough(t *testing.T) {
	t.Parallel()
	server := servers.StartRedis(t)
	rdb := server.Client()
	args := []any{"ACL", "SETUSER", "app", "on", ">pw"}
	for word := range strings.FieldsSeq(documentedACL) {
		args = append(args, word)
	}
	must(t, rdb.Do(t.Context(), args...).Err())
	url := "redis://app:pw@" + server.Addr
	storetest.Sessions(t, func(t *testing.T) storetest.SessionsHarness {
		mine := fmt.Sprintf("%s?prefix=gatehouse:%s:", url, idMaker()()[:6])
		return storetest.SessionsHarness{Open: func(t *testing.T, now func() time.Time) store.SessionStore {
			return open(t, []string{mine}, now)
		}}
	})
	denied, err := rdb.Do(t.Context(), "ACL", "LOG").Slice()
	must(t, err)
	if len(denied) > 0 {
		t.Errorf("Redis denied: %v", denied)
	}
}

// TestOneSilentMasterTakesTheFeedDown: what changes on a node that we cannot hear from would not be told.
func TestOneSilentMasterTakesTheFeedDown(t *testing.T) {
	t.Parallel()
	cluster := servers.StartCluster(t)
	s := open(t, cluster.URLs, time.Now)
	feed := states(t, s)
	expect(t, feed, true, 10*time.Second, "at first")
	now := time.Now()
	var lives []store.ActiveSession
	for range 30 {
		lives = append(lives, stored(t, s, now))
	}
	for i, node := range cluster.Nodes {
		node.Pause()
		expect(t, feed, false, 3*time.Second, fmt.Sprintf("node %d hangs", i))
		served, failed := 0, 0
		for _, l := range lives {
			ctx, cancel := context.WithTimeout(t.Context(), soon)
			_, err := s.Session(ctx, l.Session.Key)
			cancel()
			if err == nil {
				served++
			} else {
				failed++
			}
		}
		if served == 0 || failed == 0 {
			t.Errorf("with one of three nodes hung %d sessions were served and %d were not", served, failed)
		}
		node.Resume()
		expect(t, feed, true, 10*time.Second, fmt.Sprintf("node %d goes on", i))
		for _, l := range lives {
			back(t, s, l.Session.Key)
		}
	}
}

var _ store.SessionStore = (*redis.Store)(nil)
