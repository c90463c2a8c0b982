package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

const (
	sentinelMaster = "gatehouse"
	sentinelCount  = 3
)

// RedisSentinelServers are a master, a replica and three sentinels that watch them.
type RedisSentinelServers struct {
	Redis     []*RedisServer // the first one is the master at first
	Sentinels []*Process
	URL       string // redis+sentinel://host:port,host:port,host:port/gatehouse/0

	addrs []string // of the sentinels
}

// StartSentinel starts a watched pair for this test alone.
func StartSentinel(t testing.TB) *RedisSentinelServers {
	t.Helper()
	need(t, "redis-server")
	s, err := startSentinel(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.processes() {
		own(t, p)
	}
	return s
}

// Master returns the server that the sentinels name as master now.
func (s *RedisSentinelServers) Master() *RedisServer {
	t := s.Redis[0].t
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	master, err := s.master(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return master
}

// Failover makes the replica the master and waits until all sentinels say so and the old master, if it runs, follows.
// It is the orderly one; for the other kind, Kill the Master and call AwaitMaster.
func (s *RedisSentinelServers) Failover() {
	t := s.Redis[0].t
	t.Helper()
	if err := s.failover(); err != nil {
		t.Fatal(err)
	}
}

// AwaitMaster waits until all sentinels name another master than old and that one takes writes, and returns it.
func (s *RedisSentinelServers) AwaitMaster(old *RedisServer) *RedisServer {
	t := s.Redis[0].t
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if err := s.awaitOther(ctx, old); err != nil {
		t.Fatal(err)
	}
	return s.Master()
}

func startSentinel(dir string) (*RedisSentinelServers, error) {
	s := &RedisSentinelServers{}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if err := s.start(ctx, dir); err != nil {
		for _, p := range s.processes() {
			_ = p.signalAndWait(syscall.SIGKILL)
		}
		return nil, err
	}
	s.URL = "redis+sentinel://" + strings.Join(s.addrs, ",") + "/" + sentinelMaster + "/0"
	return s, nil
}

func (s *RedisSentinelServers) processes() []*Process {
	all := append([]*Process(nil), s.Sentinels...)
	for _, r := range s.Redis {
		all = append(all, r.Process)
	}
	return all
}

func (s *RedisSentinelServers) start(ctx context.Context, dir string) error {
	for i := range 2 {
		nodeDir := filepath.Join(dir, "redis"+strconv.Itoa(i))
		if err := os.Mkdir(nodeDir, 0o700); err != nil {
			return err
		}
		var follow []RedisOption
		if i > 0 {
			follow = append(follow, WithConfig("replicaof", "127.0.0.1 "+strconv.Itoa(s.Redis[0].port)))
		}
		r, err := startRedis(nodeDir, follow...)
		if err != nil {
			return err
		}
		s.Redis = append(s.Redis, r)
	}
	if err := until(ctx, "the replica is in step", func() error { return isReplica(ctx, s.Redis[1]) }); err != nil {
		return err
	}
	for i := range sentinelCount {
		if err := s.addSentinel(filepath.Join(dir, "sentinel"+strconv.Itoa(i))); err != nil {
			return err
		}
	}
	return until(ctx, "the sentinels know one another", func() error {
		for _, addr := range s.addrs {
			state, err := sentinelState(ctx, addr)
			if err != nil {
				return err
			}
			if state["num-other-sentinels"] != strconv.Itoa(sentinelCount-1) || state["num-slaves"] != "1" {
				return fmt.Errorf("sentinel %s sees %s others, %s replicas", addr, state["num-other-sentinels"], state["num-slaves"])
			}
		}
		return nil
	})
}

func (s *RedisSentinelServers) addSentinel(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	binary, err := exec.LookPath("redis-server") // redis-sentinel is the same binary, in a package of its own
	if err != nil {
		return err
	}
	_, err = onFreePort(func(port int) (*Process, error) {
		watch := fmt.Sprintf("monitor %s 127.0.0.1 %d %d", sentinelMaster, s.Redis[0].port, sentinelCount/2+1)
		file := filepath.Join(dir, "sentinel.conf")
		if err := writeRedisConfig(file, [][2]string{
			{"bind", "127.0.0.1"}, {"port", strconv.Itoa(port)}, {"dir", dir}, {"sentinel", watch},
			{"sentinel", "down-after-milliseconds " + sentinelMaster + " 1000"},
			{"sentinel", "failover-timeout " + sentinelMaster + " 3000"},
		}); err != nil {
			return nil, err
		}
		addr := loopback(port)
		p := &Process{
			name: "sentinel on port " + strconv.Itoa(port), command: []string{binary, file, "--sentinel"},
			log: filepath.Join(dir, "sentinel.log"), orderly: syscall.SIGTERM,
			ready: func(ctx context.Context) error {
				_, err := sentinelState(ctx, addr)
				return err
			},
		}
		if err := p.start(); err != nil {
			return nil, err
		}
		s.Sentinels, s.addrs = append(s.Sentinels, p), append(s.addrs, addr)
		return p, nil
	})
	return err
}

func (s *RedisSentinelServers) master(ctx context.Context) (*RedisServer, error) {
	for _, addr := range s.addrs {
		state, err := sentinelState(ctx, addr)
		if err != nil {
			continue // a test may have stopped this one
		}
		for _, r := range s.Redis {
			if strconv.Itoa(r.port) == state["port"] {
				return r, nil
			}
		}
	}
	return nil, fmt.Errorf("no sentinel of %v names a master", s.addrs)
}

func (s *RedisSentinelServers) failover() error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	old, err := s.master(ctx)
	if err != nil {
		return err
	}
	// Right after the start, or after another failover, the sentinels refuse for a while (NOGOODSLAVE, INPROG).
	err = until(ctx, "a sentinel accepts the failover", func() error {
		c := redis.NewSentinelClient(&redis.Options{Addr: s.addrs[0], MaxRetries: -1})
		defer c.Close()
		return c.Failover(ctx, sentinelMaster).Err()
	})
	if err != nil {
		return err
	}
	if err := s.awaitOther(ctx, old); err != nil {
		return err
	}
	if !old.Running() {
		return nil
	}
	if err := s.demote(ctx, old); err != nil {
		return err
	}
	return until(ctx, "the old master follows", func() error { return isReplica(ctx, old) })
}

// demote tells the old master to follow and cuts its clients: what the sentinels do too, but only eight seconds later.
func (s *RedisSentinelServers) demote(ctx context.Context, old *RedisServer) error {
	master, err := s.master(ctx)
	if err != nil {
		return err
	}
	for _, command := range [][]any{
		{"REPLICAOF", "127.0.0.1", master.port}, {"CLIENT", "KILL", "TYPE", "normal"}, {"CLIENT", "KILL", "TYPE", "pubsub"},
	} {
		if _, err := old.do(ctx, command...); err != nil {
			return err
		}
	}
	return nil
}

func (s *RedisSentinelServers) awaitOther(ctx context.Context, old *RedisServer) error {
	return until(ctx, "all sentinels name another master", func() error {
		for _, addr := range s.addrs {
			state, err := sentinelState(ctx, addr)
			if err != nil {
				return err
			}
			if state["port"] == strconv.Itoa(old.port) || state["flags"] != "master" {
				return fmt.Errorf("sentinel %s: port %s, flags %s", addr, state["port"], state["flags"])
			}
		}
		return nil
	})
}

func sentinelState(ctx context.Context, addr string) (map[string]string, error) {
	c := redis.NewSentinelClient(&redis.Options{Addr: addr, MaxRetries: -1, DisableIdentity: true})
	defer c.Close()
	return c.Master(ctx, sentinelMaster).Result()
}

func isReplica(ctx context.Context, r *RedisServer) error {
	info, err := r.do(ctx, "INFO", "replication")
	if err != nil {
		return err
	}
	if text := fmt.Sprint(info); !strings.Contains(text, "role:slave") || !strings.Contains(text, "master_link_status:up") {
		return fmt.Errorf("%s is no replica in step: %q", r.name, text)
	}
	return nil
}
