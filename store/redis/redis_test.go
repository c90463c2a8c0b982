package redis_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/redis"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// topology is one way to reach Redis that every driver test may run over.
type topology struct {
	name string
	urls func(testing.TB) []string
}

var topologies = []topology{
	{"standalone", func(t testing.TB) []string { return []string{servers.Redis(t)} }},
	{"tls", func(t testing.TB) []string {
		url, ca := servers.RedisTLS(t)
		return []string{url + "?ca=" + ca}
	}},
	{"acl user", func(t testing.TB) []string { return []string{servers.RedisACL(t)} }},
	{"unix socket", func(t testing.TB) []string { return []string{servers.RedisUnix(t)} }},
	{"sentinel", func(t testing.TB) []string { return []string{servers.RedisSentinel(t)} }},
	{"cluster", func(t testing.TB) []string { return servers.RedisCluster(t) }},
}

// TestSessions holds the driver against the suite, over every way to reach Redis.
func TestSessions(t *testing.T) {
	for _, top := range topologies {
		t.Run(top.name, func(t *testing.T) {
			t.Parallel()
			urls := top.urls(t)
			storetest.Sessions(t, func(t *testing.T) storetest.SessionsHarness {
				mine := prefixed(urls)
				return storetest.SessionsHarness{Open: func(t *testing.T, now func() time.Time) store.SessionStore {
					return open(t, mine, now)
				}}
			})
		})
	}
}

// prefixed gives URLs a key prefix that no other test uses.
func prefixed(urls []string) []string {
	prefix := "test-" + rand.Text()[:8] + ":"
	var mine []string
	for _, url := range urls {
		mark := "?"
		if strings.Contains(url, "?") {
			mark = "&"
		}
		mine = append(mine, url+mark+"prefix="+prefix)
	}
	return mine
}

func open(t testing.TB, urls []string, now func() time.Time) *redis.Store {
	t.Helper()
	s, err := redis.Open(t.Context(), urls, store.Env{Now: now, Log: slog.New(slog.NewTextHandler(testLog{t}, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// testLog writes a store's log into the test's.
type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	if os.Getenv("GATEHOUSE_TEST_LOG") != "" {
		l.t.Log(strings.TrimSpace(string(b)))
	}
	return len(b), nil
}

// logged is a log to look into.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// within bounds a call as a gate does.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
