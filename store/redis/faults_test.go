package redis_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/redis"
)

// soon is what a gate waits at most before it answers 503.
const soon = 250 * time.Millisecond

// patience is for what must come, on however slow a machine. How soon it comes is judged by long runs alone.
const patience = time.Minute

// unavailable fails unless reading says so by itself, as its context has no deadline, and in time.
func unavailable(t *testing.T, s *redis.Store, key store.Key, when string) {
	t.Helper()
	start := time.Now()
	_, err := s.Session(t.Context(), key)
	if took := time.Since(start); !errors.Is(err, store.ErrUnavailable) || servers.Long(t) && took > soon {
		t.Errorf("%s: %v after %v, want ErrUnavailable within %v", when, err, took, soon)
	}
}

// states records what a feed says of itself, in a channel with room enough.
func states(t *testing.T, s *redis.Store) <-chan bool {
	t.Helper()
	ch := make(chan bool, 1000)
	t.Cleanup(s.Subscribe(func(string) {}, func(up bool) { ch <- up }))
	return ch
}

func expect(t *testing.T, ch <-chan bool, want bool, within time.Duration, when string) {
	t.Helper()
	if !servers.Long(t) {
		within = max(within, patience)
	}
	select {
	case got := <-ch:
		if got != want {
			t.Fatalf("%s: the feed is up: %v", when, got)
		}
	case <-time.After(within):
		t.Fatalf("%s: the feed said nothing for %v, want %v", when, within, want)
	}
}

// back waits until reading works again, as a browser does that tries again after Retry-After.
func back(t *testing.T, s *redis.Store, key store.Key) store.ActiveSession {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		l, err := s.Session(t.Context(), key)
		if err == nil {
			return l
		}
		if !errors.Is(err, store.ErrUnavailable) || time.Now().After(deadline) {
			t.Fatalf("coming back: %v", err)
		}
	}
}

// A hung Redis is unavailable in time and everyone is still signed in afterwards.
func TestHungRedisIsUnavailableInTime(t *testing.T) {
	t.Parallel()
	server := servers.StartRedis(t)
	s := open(t, []string{server.URL}, time.Now)
	feed := states(t, s)
	expect(t, feed, true, 5*time.Second, "at first")
	l := stored(t, s, time.Now())
	server.Pause()
	for i := range 3 {
		unavailable(t, s, l.Session.Key, fmt.Sprintf("try %d while it hangs", i+1))
	}
	expect(t, feed, false, 2*time.Second, "while it hangs")
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("pinging a hung server: %v", err)
	}
	server.Resume()
	back(t, s, l.Session.Key)
	expect(t, feed, true, 5*time.Second, "when it goes on")
}

// A killed Redis is unavailable at once and serves after its restart.
func TestKilledRedisIsUnavailableUntilItsRestart(t *testing.T) {
	t.Parallel()
	server := servers.StartRedis(t, servers.WithConfig("appendfsync", "always"))
	s := open(t, []string{server.URL}, time.Now)
	feed := states(t, s)
	expect(t, feed, true, 5*time.Second, "at first")
	l := stored(t, s, time.Now())
	c := childOf(t, s, l, "app.example.com")
	server.Kill()
	unavailable(t, s, l.Session.Key, "after the kill")
	expect(t, feed, false, time.Second, "after the kill")
	if err := s.CreateSession(within(t, soon), new(signIn(time.Now()))); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("signing in: %v", err)
	}
	server.Start()
	back(t, s, l.Session.Key)
	back(t, s, c.Session.Key)
	expect(t, feed, true, 5*time.Second, "after the restart")
}

// A Redis that swallows everything is unavailable in time.
func TestBlackHoleIsUnavailableInTime(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() })
		}
	}()
	log := &logged{}
	start := time.Now()
	s, err := redis.Open(t.Context(), []string{"redis://:hunter2@" + l.Addr().String()},
		store.Env{Now: time.Now, Log: slog.New(slog.NewTextHandler(log, nil))})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	if took := time.Since(start); servers.Long(t) && took > 5*time.Second {
		t.Errorf("opening took %v", took)
	}
	for range 3 {
		unavailable(t, s, newKey(), "in a black hole")
	}
	if text := log.String(); !strings.Contains(text, "cannot be reached") || strings.Contains(text, "hunter2") {
		t.Errorf("logged %q", text)
	}
}

// A gateway starts while Redis is down and serves when it is up.
func TestStartWhileRedisIsDown(t *testing.T) {
	t.Parallel()
	server := servers.StartRedis(t)
	l := stored(t, open(t, []string{server.URL}, time.Now), time.Now())
	server.Stop()
	s := open(t, []string{server.URL}, time.Now)
	feed := states(t, s)
	unavailable(t, s, l.Session.Key, "before it is up")
	server.Start()
	back(t, s, l.Session.Key)
	expect(t, feed, true, 5*time.Second, "when it is up")
}

func TestARedisThatRefusesUsIsAnErrorThatNamesNoSecret(t *testing.T) {
	t.Parallel()
	server := servers.StartRedis(t, servers.WithUser("app", "right"), servers.WithTLS())
	for url, want := range map[string]string{
		"redis://app:hunter2@" + server.Addr:    "WRONGPASS",
		"redis://nobody:hunter2@" + server.Addr: "WRONGPASS",
		server.URL + "/9999":                    "DB index is out of range",
		server.TLSURL:                           "certificate",
		server.URL + " " + strings.Replace(server.URL, "127.0.0.1", "localhost", 1): "cluster support disabled",
		"redis+sentinel://" + server.Addr + "/master":                               "",
	} {
		log := &logged{}
		s, err := redis.Open(t.Context(), strings.Fields(url), store.Env{Log: slog.New(slog.NewTextHandler(log, nil))})
		if want == "" {
			// Whether what answers is a Sentinel cannot be told from one that does not know the master yet.
			if err == nil {
				_ = s.Close()
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", url, err, want)
		}
		if text := fmt.Sprint(err, log.String()); strings.Contains(text, "hunter2") {
			t.Errorf("%s: %s", url, text)
		}
	}
}

func TestForgottenScriptsAreSentAgain(t *testing.T) {
	t.Parallel()
	server := servers.StartRedis(t)
	s := open(t, []string{server.URL}, time.Now)
	rdb := server.Client()
	forget := func() { must(t, rdb.ScriptFlush(t.Context()).Err()) }
	now := time.Now()
	forget()
	l := stored(t, s, now)
	forget()
	c := childOf(t, s, l, "app.example.com")
	forget()
	must(t, s.TouchSessions(t.Context(), []store.Use{{Key: c.Session.Key, Seen: now.Add(time.Second)}}))
	forget()
	must(t, s.RefreshIdentity(t.Context(), l.Identity))
	forget()
	must(t, s.ProveSession(t.Context(), l.Session.Key, newKey(), store.Proof{Method: "totp", At: now}))
	forget()
	if ok, _, err := s.Count(t.Context(), "x", 1, time.Minute); !ok || err != nil {
		t.Errorf("counting: %v, %v", ok, err)
	}
	forget()
	must(t, s.Release(t.Context(), "x"))
	forget()
	must(t, s.PutTicket(t.Context(), "x", newKey(), nil, now.Add(time.Minute)))
	forget()
	must(t, s.EndSession(t.Context(), l.Session.UserID, l.Session.ID))
	if _, err := s.Session(t.Context(), c.Session.Key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a child after the end: %v", err)
	}
}

// A flushed Redis signs everyone out and starts counters anew.
func TestFlushEndsSessionsAndResetsCounters(t *testing.T) {
	t.Parallel()
	server := servers.StartRedis(t)
	s := open(t, []string{server.URL}, time.Now)
	now := time.Now()
	l := stored(t, s, now)
	c := childOf(t, s, l, "app.example.com")
	_, _, err := s.Count(t.Context(), "x", 1, time.Minute)
	must(t, err)
	must(t, server.Client().FlushAll(t.Context()).Err())
	for _, key := range []store.Key{l.Session.Key, c.Session.Key} {
		if _, err := s.Session(t.Context(), key); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("after the flush: %v", err)
		}
	}
	must(t, s.TouchSessions(t.Context(), []store.Use{{Key: l.Session.Key, Seen: now}, {Key: c.Session.Key, Seen: now}}))
	if err := s.EndSession(t.Context(), l.Session.UserID, l.Session.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("ending after the flush: %v", err)
	}
	if ok, _, err := s.Count(t.Context(), "x", 1, time.Minute); !ok || err != nil {
		t.Errorf("counting after the flush: %v, %v", ok, err)
	}
	if n := server.Client().DBSize(t.Context()).Val(); n != 1 {
		t.Errorf("%d keys, want the counter's", n)
	}
}

func TestAFlushIsNoticedByWhoeverHasSessionsCached(t *testing.T) {
	for name, flush := range map[string]func(*goredis.Client) error{
		"FLUSHALL": func(c *goredis.Client) error { return c.FlushAll(t.Context()).Err() },
		"FLUSHDB":  func(c *goredis.Client) error { return c.FlushDB(t.Context()).Err() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := servers.StartRedis(t)
			feed := states(t, open(t, []string{server.URL}, time.Now))
			expect(t, feed, true, 5*time.Second, "at first")
			must(t, flush(server.Client()))
			expect(t, feed, false, 5*time.Second, "after the flush")
			expect(t, feed, true, 5*time.Second, "on the new path")
		})
	}
}

// A failover takes the feed down and up and keeps everyone signed in.
func TestFailoverKeepsSessionsAndRestartsTheFeed(t *testing.T) {
	t.Parallel()
	sentinel := servers.StartSentinel(t)
	s := open(t, []string{sentinel.URL}, time.Now)
	feed := states(t, s)
	expect(t, feed, true, 5*time.Second, "at first")
	l := stored(t, s, time.Now())
	must(t, sentinel.Master().Client().Wait(t.Context(), 1, 5*time.Second).Err())
	sentinel.Failover()
	expect(t, feed, false, 10*time.Second, "on the failover")
	back(t, s, l.Session.Key)
	expect(t, feed, true, 20*time.Second, "on the new master")
	must(t, s.EndSession(t.Context(), l.Session.UserID, l.Session.ID))
}

// TestAChildThatAFailoverLeftAloneEndsWhenItIsUsed: a promoted replica, or a Cluster node restored from older data, may
// have lost a sign-in and kept its child. No end would find that.
func TestAChildThatAFailoverLeftAloneEndsWhenItIsUsed(t *testing.T) {
	t.Parallel()
	server := servers.StartRedis(t)
	s := open(t, []string{server.URL}, time.Now)
	now := time.Now()
	l := stored(t, s, now)
	c := childOf(t, s, l, "app.example.com")
	must(t, server.Client().Del(t.Context(), "gatehouse:s"+string(l.Session.Key[:])).Err())
	must(t, s.TouchSessions(t.Context(), []store.Use{{Key: c.Session.Key, Seen: now.Add(time.Second)}}))
	if _, err := s.Session(t.Context(), c.Session.Key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the child: %v", err)
	}
}

func TestForeignDataIsAnErrorAndNoSession(t *testing.T) {
	t.Parallel()
	server := servers.StartRedis(t)
	s := open(t, []string{server.URL}, time.Now)
	rdb := server.Client()
	l := stored(t, s, time.Now())
	c := childOf(t, s, l, "app.example.com")
	name := "gatehouse:s" + string(l.Session.Key[:])
	good := rdb.Get(t.Context(), name).Val()
	bad := func(when string) {
		t.Helper()
		isFault := func(doing string, err error) {
			t.Helper()
			if err == nil || errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %s: %v", when, doing, err)
			}
		}
		_, err := s.Session(t.Context(), l.Session.Key)
		isFault("reading", err)
		_, err = s.SessionsOf(t.Context(), l.Session.UserID)
		isFault("listing", err)
		isFault("ending", s.EndSession(t.Context(), l.Session.UserID, l.Session.ID))
		isFault("refreshing", s.RefreshIdentity(t.Context(), l.Identity))
		isFault("proving", s.ProveSession(t.Context(), l.Session.Key, newKey(), store.Proof{Method: "x"}))
		isFault("touching", s.TouchSessions(t.Context(), []store.Use{{Key: c.Session.Key, Seen: time.Now().Add(time.Hour)}}))
	}
	for when, value := range map[string]string{"empty": "", "JSON": `{"user":"ann"}`, "cut": good[:len(good)/2], "another format": "\x02" + good[1:]} {
		must(t, rdb.Set(t.Context(), name, value, 0).Err())
		bad(when)
	}
	must(t, rdb.Del(t.Context(), name).Err())
	must(t, rdb.HSet(t.Context(), name, "a", "b").Err())
	bad("of another type")
	must(t, rdb.Del(t.Context(), name).Err())
	must(t, rdb.Set(t.Context(), name, good, 0).Err())
	if _, err := s.Session(t.Context(), l.Session.Key); err != nil {
		t.Errorf("put right again: %v", err)
	}
}
