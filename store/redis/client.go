package redis

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// How we use go-redis: contexts bound every call, nothing is sent twice behind our back (a guess would count twice),
// and some connections are kept ready so that a request never waits for a handshake.
const (
	noRetries   = -1
	dialTimeout = time.Second
	ioTimeout   = time.Second
	noPool      = -1 // no second pool for pipelines: their connections would be opened under load
)

// pool is how many connections a client has, per server.
type pool struct{ size, warm int }

var (
	callPool = pool{size: 64, warm: 2}
	// The feed has connections of its own. Were its heartbeats to queue behind calls, load would take the feed down, and
	// with it the caches, and that would add the load that keeps it down.
	feedPool = pool{size: 2}
)

// client makes a client for t. It connects to nothing yet.
func (t *target) client(p pool) (redis.UniversalClient, error) {
	config, err := t.tls()
	if err != nil {
		return nil, err
	}
	quiet := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	switch {
	case t.sentinel():
		return redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: t.master, SentinelAddrs: t.addrs, DB: t.db,
			SentinelUsername: t.sentinelUsername, SentinelPassword: t.sentinelPassword,
			Username: t.username, Password: t.password, TLSConfig: config, Protocol: 2, DisableIdentity: true,
			MaxRetries: noRetries, DialerRetries: 1, DialTimeout: dialTimeout, ReadTimeout: ioTimeout, WriteTimeout: ioTimeout,
			PoolTimeout: ioTimeout, ContextTimeoutEnabled: true, PoolSize: p.size, MinIdleConns: p.warm, PipelinePoolSize: noPool,
		}), nil
	case t.cluster():
		return redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: t.addrs, Username: t.username, Password: t.password, TLSConfig: config, Protocol: 2, DisableIdentity: true,
			MaxRedirects: 3, MaxRetries: noRetries, DialerRetries: 1, DialTimeout: dialTimeout, ReadTimeout: ioTimeout,
			WriteTimeout: ioTimeout, PoolTimeout: ioTimeout, ContextTimeoutEnabled: true, PoolSize: p.size, MinIdleConns: p.warm,
			PipelinePoolSize: noPool, DisableRoutingPolicies: true, MaintNotificationsConfig: quiet,
		}), nil
	}
	network := "tcp"
	if t.scheme == "unix" {
		network = "unix"
	}
	return redis.NewClient(&redis.Options{
		Network: network, Addr: t.addrs[0], DB: t.db, Username: t.username, Password: t.password, TLSConfig: config, Protocol: 2,
		DisableIdentity: true, MaxRetries: noRetries, DialerRetries: 1, DialTimeout: dialTimeout, ReadTimeout: ioTimeout,
		WriteTimeout: ioTimeout, PoolTimeout: ioTimeout, ContextTimeoutEnabled: true, PoolSize: p.size, MinIdleConns: p.warm,
		PipelinePoolSize: noPool, MaintNotificationsConfig: quiet,
	}), nil
}

// logAdapter carries go-redis's own lines, which would go to standard error, to the process's log at debug level: what
// matters of them our callers hear as errors.
type logAdapter struct{}

func (logAdapter) Printf(ctx context.Context, format string, args ...any) {
	if log := slog.Default(); log.Enabled(ctx, slog.LevelDebug) {
		log.DebugContext(ctx, "go-redis: "+fmt.Sprintf(format, args...))
	}
}

func init() { redis.SetLogger(logAdapter{}) }
