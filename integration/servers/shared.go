package servers

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// The names by which integration/run.sh tells tests about the servers it started.
const (
	envRedis         = "GATEHOUSE_TEST_REDIS"
	envRedisSentinel = "GATEHOUSE_TEST_REDIS_SENTINEL"
	envRedisCluster  = "GATEHOUSE_TEST_REDIS_CLUSTER"
	envRedisTLS      = "GATEHOUSE_TEST_REDIS_TLS"
	envRedisCA       = "GATEHOUSE_TEST_REDIS_CA"
	envRedisUnix     = "GATEHOUSE_TEST_REDIS_UNIX"
	envRedisACL      = "GATEHOUSE_TEST_REDIS_ACL"
	envPostgres      = "GATEHOUSE_TEST_POSTGRES"
	envChromium      = "GATEHOUSE_TEST_CHROMIUM"
	envCaddy         = "GATEHOUSE_TEST_CADDY"
	envCaddyRace     = "GATEHOUSE_TEST_CADDY_RACE"
	envLoad          = "GATEHOUSE_LOAD"
)

// redisDatabases is how many numbered databases a Redis of ours has, so that FreshRedis can give each test its own.
const redisDatabases = 512

// Redis returns the redis:// URL of the shared standalone server, database 0. Others use it at the same time:
// FreshRedis gives a database of one's own, StartRedis a server.
func Redis(t testing.TB) string { t.Helper(); return shared(t, envRedis) }

// RedisSentinel returns the redis+sentinel:// URL of the shared watched pair.
func RedisSentinel(t testing.TB) string { t.Helper(); return shared(t, envRedisSentinel) }

// RedisCluster returns the URLs of the three masters of the shared cluster.
func RedisCluster(t testing.TB) []string {
	t.Helper()
	return strings.Fields(shared(t, envRedisCluster))
}

// RedisTLS returns the rediss:// URL of the shared standalone server and the file of the authority that vouches for it.
func RedisTLS(t testing.TB) (address, caFile string) {
	t.Helper()
	return shared(t, envRedisTLS), shared(t, envRedisCA)
}

// RedisUnix returns the unix:// URL of the shared standalone server.
func RedisUnix(t testing.TB) string { t.Helper(); return shared(t, envRedisUnix) }

// RedisACL returns a redis:// URL with a user who may not run administrative or dangerous commands, and a password that
// needs escaping in URLs.
func RedisACL(t testing.TB) string { t.Helper(); return shared(t, envRedisACL) }

// Postgres returns the DSN of a superuser of the shared server. FreshPostgres gives a database of one's own.
func Postgres(t testing.TB) string { t.Helper(); return shared(t, envPostgres) }

// Chromium returns the path of a Chromium or Chrome binary.
func Chromium(t testing.TB) string {
	t.Helper()
	skipShort(t, "Chromium")
	if path := os.Getenv(envChromium); path != "" {
		return path
	}
	path, err := findChromium()
	if err != nil {
		missing(t, "no Chromium is installed: integration/run.sh installs it")
	}
	return path
}

// Caddy returns the path of ./cmd/caddy, built.
func Caddy(t testing.TB) string { t.Helper(); return shared(t, envCaddy) }

// CaddyRace returns the path of ./cmd/caddy, built with the race detector.
func CaddyRace(t testing.TB) string { t.Helper(); return shared(t, envCaddyRace) }

// FreshRedis returns the URL of an empty numbered database of the shared server, emptied again at the end of the test.
// Channels are not numbered: a message published in one database is heard in all.
func FreshRedis(t testing.TB) string {
	t.Helper()
	options, err := redis.ParseURL(Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(options)
	n, err := c.Incr(t.Context(), "gatehouse:test:databases").Result()
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	options.DB = 1 + int(n%(redisDatabases-1))
	c = redis.NewClient(options)
	if err := empty(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = empty(context.WithoutCancel(t.Context()), c)
		_ = c.Close()
	})
	return "redis://" + options.Addr + "/" + strconv.Itoa(options.DB)
}

// empty deletes every key of a database one by one: a FLUSHDB would make every gateway on the server doubt its cache.
func empty(ctx context.Context, c *redis.Client) error {
	keys := c.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		if err := c.Unlink(ctx, keys.Val()).Err(); err != nil {
			return err
		}
	}
	return keys.Err()
}

// FreshPostgres creates a database in the shared server and drops it at the end of the test, whoever is still connected.
func FreshPostgres(t testing.TB) string {
	t.Helper()
	admin, err := url.Parse(Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	name := freshName()
	if err := runSQL(admin.String(), "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := runSQL(admin.String(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("dropping the test's database: %v", err)
		}
	})
	fresh := *admin
	fresh.Path = "/" + name
	return fresh.String()
}

func runSQL(dsn, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// Scale shrinks a full-size load to the share that GATEHOUSE_LOAD names (a hundredth where it is not set), at least 1.
func Scale(t testing.TB, full int) int {
	t.Helper()
	share := 0.01
	if text := os.Getenv(envLoad); text != "" {
		var err error
		if share, err = strconv.ParseFloat(text, 64); err != nil || share <= 0 {
			t.Fatalf("%s=%q is no positive number", envLoad, text)
		}
	}
	return max(1, int(float64(full)*share))
}

func shared(t testing.TB, name string) string {
	t.Helper()
	skipShort(t, name)
	value := os.Getenv(name)
	if value == "" {
		missing(t, name+" is not set: integration/run.sh starts the servers and sets it")
	}
	return value
}

// need asks for a program that starts a private server.
func need(t testing.TB, program string) {
	t.Helper()
	skipShort(t, program)
	if _, err := exec.LookPath(program); err != nil {
		missing(t, program+" is not installed: integration/run.sh installs it")
	}
}

// skipShort leaves a test out that needs what is not to be started: `go test -short` is for tests without servers.
func skipShort(t testing.TB, what string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: " + what + " is not started")
	}
}

// missing skips the test, or fails it under CI=true, where a test that did not run must not look like one that passed.
func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// own ties a started process to the test.
func own(t testing.TB, p *Process) {
	p.t = t
	t.Cleanup(func() {
		if err := p.signalAndWait(p.orderly); err != nil {
			t.Error(err)
		}
	})
}
