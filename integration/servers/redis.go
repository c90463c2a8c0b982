package servers

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// RedisServer is a Redis of its own. Its data survive Stop and Kill (append-only file) unless InMemory was asked for.
type RedisServer struct {
	*Process
	Addr   string // host:port
	URL    string // redis://…, as the default user, who has no password
	TLSURL string // rediss://…, with WithTLS
	CAFile string // the authority that signed the server's certificate, with WithTLS
	Socket string // unix:///…, with WithSocket
	ACLURL string // redis://user:password@…, with WithUser

	port int
}

// RedisOption changes how StartRedis sets up its server.
type RedisOption func(*redisPlan)

type redisPlan struct {
	config [][2]string
	tls    bool
	socket bool
	acl    *url.Userinfo
}

// WithTLS adds a second port that speaks TLS with a certificate of a throw-away authority.
func WithTLS() RedisOption { return func(p *redisPlan) { p.tls = true } }

// WithSocket adds a unix socket.
func WithSocket() RedisOption { return func(p *redisPlan) { p.socket = true } }

// WithUser adds a user who may do everything but what Redis calls dangerous or administrative; INFO is allowed.
func WithUser(name, password string) RedisOption {
	return func(p *redisPlan) { p.acl = url.UserPassword(name, password) }
}

// InMemory loses all data at Stop and Kill, as a Redis without persistence does.
func InMemory() RedisOption { return WithConfig("appendonly", "no") }

// WithConfig sets a directive of redis.conf; the last one given holds.
func WithConfig(name, value string) RedisOption {
	return func(p *redisPlan) { p.config = append(p.config, [2]string{name, value}) }
}

// StartRedis starts a Redis for this test alone, and stops it at the end of the test.
func StartRedis(t testing.TB, options ...RedisOption) *RedisServer {
	t.Helper()
	need(t, "redis-server")
	s, err := startRedis(t.TempDir(), options...)
	if err != nil {
		t.Fatal(err)
	}
	own(t, s.Process)
	return s
}

// Client returns a client of the default user, closed at the end of the test.
func (s *RedisServer) Client() *redis.Client {
	s.t.Helper()
	c := s.dial()
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

func (s *RedisServer) dial() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1, DisableIdentity: true})
}

// do runs one command on a connection of its own.
func (s *RedisServer) do(ctx context.Context, args ...any) (any, error) {
	c := s.dial()
	defer c.Close()
	answer, err := c.Do(ctx, args...).Result()
	if err != nil {
		return nil, fmt.Errorf("%s: %v: %w", s.name, args[0], err)
	}
	return answer, nil
}

func startRedis(dir string, options ...RedisOption) (*RedisServer, error) {
	plan := &redisPlan{config: [][2]string{
		{"bind", "127.0.0.1"}, {"dir", dir}, {"save", ""}, {"appendonly", "yes"}, {"databases", strconv.Itoa(redisDatabases)},
		{"repl-diskless-sync-delay", "0"},
	}}
	for _, option := range options {
		option(plan)
	}
	return onFreePort(func(port int) (*RedisServer, error) { return plan.start(dir, port) })
}

// onFreePort tries again on another port where somebody took the first one in between.
func onFreePort[S any](start func(port int) (S, error)) (S, error) {
	for attempt := 0; ; attempt++ {
		port, err := freePort()
		if err != nil {
			var none S
			return none, err
		}
		s, err := start(port)
		if err != nil && attempt < 4 && strings.Contains(err.Error(), "Address already in use") {
			continue
		}
		return s, err
	}
}

func (plan *redisPlan) start(dir string, port int) (*RedisServer, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, err
	}
	s := &RedisServer{Addr: loopback(port), URL: "redis://" + loopback(port), port: port}
	config := append(plan.config, [2]string{"port", strconv.Itoa(port)})
	if plan.socket {
		path := filepath.Join(dir, "redis.sock")
		config = append(config, [2]string{"unixsocket", path}, [2]string{"unixsocketperm", "700"})
		s.Socket = "unix://" + path
	}
	if plan.tls {
		tlsConfig, err := s.addTLS(dir)
		if err != nil {
			return nil, err
		}
		config = append(config, tlsConfig...)
	}
	if plan.acl != nil {
		password, _ := plan.acl.Password()
		config = append(config, [2]string{"user", plan.acl.Username() + " on >" + password + " ~* &* +@all -@admin -@dangerous +info"})
		s.ACLURL = "redis://" + plan.acl.String() + "@" + s.Addr
	}
	file := filepath.Join(dir, "redis.conf")
	if err := writeRedisConfig(file, config); err != nil {
		return nil, err
	}
	s.Process = &Process{
		name:    fmt.Sprintf("redis on port %d", port),
		command: []string{binary, file},
		log:     filepath.Join(dir, "redis.log"),
		orderly: syscall.SIGTERM,
		ready: func(ctx context.Context) error {
			_, err := s.do(ctx, "PING")
			return err
		},
	}
	return s, s.start()
}

func (s *RedisServer) addTLS(dir string) ([][2]string, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	certs, err := writeCertificates(dir)
	if err != nil {
		return nil, err
	}
	s.TLSURL, s.CAFile = "rediss://"+loopback(port), certs.authority
	return [][2]string{
		{"tls-port", strconv.Itoa(port)}, {"tls-auth-clients", "no"},
		{"tls-cert-file", certs.certificate}, {"tls-key-file", certs.key}, {"tls-ca-cert-file", certs.authority},
	}, nil
}
