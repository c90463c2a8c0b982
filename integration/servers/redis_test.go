package servers_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

func TestRedisKeepsItsDataAndAddressWhenKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	s := servers.StartRedis(t)
	c := s.Client()
	mustDo(t, c.Set(t.Context(), "k", "v", 0).Err())
	for _, end := range []func(){s.Kill, s.Stop} {
		end()
		if err := c.Ping(t.Context()).Err(); err == nil || s.Running() {
			t.Fatal("a stopped server answered")
		}
		s.Start()
		s.Start() // running already: nothing happens
		if got, err := c.Get(t.Context(), "k").Result(); got != "v" || err != nil {
			t.Fatalf("after the restart: %q, %v", got, err)
		}
	}
}

func TestRedisInMemoryForgets(t *testing.T) {
	t.Parallel()
	s := servers.StartRedis(t, servers.InMemory())
	mustDo(t, s.Client().Set(t.Context(), "k", "v", 0).Err())
	s.Stop()
	s.Start()
	if n := s.Client().DBSize(t.Context()).Val(); n != 0 {
		t.Fatalf("%d keys outlived the restart", n)
	}
}

func TestPausedRedisIsSilentAndGoesOnWhenResumed(t *testing.T) {
	t.Parallel()
	s := servers.StartRedis(t)
	c := s.Client()
	mustDo(t, c.Ping(t.Context()).Err())
	s.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := redis.NewClient(&redis.Options{Addr: s.Addr, ContextTimeoutEnabled: true}).Ping(ctx).Err(); err == nil {
		t.Fatal("a paused server answered")
	}
	if !s.Running() {
		t.Fatal("a paused server counts as gone")
	}
	s.Resume()
	mustDo(t, c.Ping(t.Context()).Err())
	s.Pause() // a server left paused must not hinder the end of the test
}

func TestRedisSpeaksTLSAndListensOnASocketAndKnowsAUser(t *testing.T) {
	t.Parallel()
	s := servers.StartRedis(t, servers.WithTLS(), servers.WithSocket(), servers.WithUser("app", "p@ss"))
	for name, address := range map[string]string{"tls": s.TLSURL, "socket": s.Socket, "user": s.ACLURL} {
		ping(t, name, address, s.CAFile)
	}
	options, err := redis.ParseURL(s.ACLURL)
	mustDo(t, err)
	c := redis.NewClient(options)
	defer c.Close()
	mustDo(t, c.Set(t.Context(), "k", "v", 0).Err())
	if err := c.ConfigGet(t.Context(), "*").Err(); err == nil {
		t.Error("the restricted user read the configuration")
	}
}

func TestSharedRedisAnswersAtEveryAddress(t *testing.T) {
	t.Parallel()
	tlsURL, ca := servers.RedisTLS(t)
	for name, address := range map[string]string{
		"plain": servers.Redis(t), "tls": tlsURL, "socket": servers.RedisUnix(t), "user": servers.RedisACL(t),
	} {
		ping(t, name, address, ca)
	}
	if n := len(servers.RedisCluster(t)); n != 3 {
		t.Errorf("%d cluster nodes", n)
	}
	for _, node := range servers.RedisCluster(t) {
		ping(t, "cluster", node, "")
	}
	if servers.RedisSentinel(t) == "" {
		t.Error("no sentinel")
	}
}

func TestFreshRedisIsEmptyAndOnesOwn(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T) *redis.Client {
		options, err := redis.ParseURL(servers.FreshRedis(t))
		mustDo(t, err)
		c := redis.NewClient(options)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	a, b := open(t), open(t)
	mustDo(t, a.Set(t.Context(), "k", "v", 0).Err())
	if n := b.DBSize(t.Context()).Val(); n != 0 {
		t.Errorf("%d keys in a fresh database", n)
	}
}

func ping(t *testing.T, name, address, caFile string) {
	t.Helper()
	options, err := redis.ParseURL(address)
	mustDo(t, err)
	if options.TLSConfig != nil {
		pem, err := os.ReadFile(caFile)
		mustDo(t, err)
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			t.Fatal("no certificate in the authority's file")
		}
		options.TLSConfig = &tls.Config{RootCAs: pool}
	}
	c := redis.NewClient(options)
	defer c.Close()
	if err := c.Ping(t.Context()).Err(); err != nil {
		t.Errorf("%s (%s): %v", name, address, err)
	}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
