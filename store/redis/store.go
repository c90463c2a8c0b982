package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/store"
)

// How long calls may take, whatever deadline their caller has. A gate answers 503 within 250 ms.
const (
	readPatience  = 200 * time.Millisecond
	writePatience = 2 * time.Second
	bulkPatience  = 10 * time.Second // for many records; each of its steps fails within a second
	openPatience  = 2 * time.Second
)

// Store is an opened session store.
type Store struct {
	rdb    redis.UniversalClient
	beats  redis.UniversalClient // for the feed only
	env    store.Env
	prefix string
	feed   *follower
	turns  [64]chan struct{} // of those who lost a race for a record, by its key
	closed atomic.Bool
	close  sync.Once
}

// Open connects to the Redis at urls and returns its session store. See Sessions for what the URLs may say. A server
// that cannot be reached is no error: the gateway starts without it, answers 503 where an identity is needed, and
// serves as soon as it is there. A server that refuses us (password, permission, certificate, version) is one.
func Open(ctx context.Context, urls []string, env store.Env) (*Store, error) {
	t, err := parseTarget(urls)
	if err != nil {
		return nil, err
	}
	return open(ctx, t, env)
}

func open(ctx context.Context, t *target, env store.Env) (*Store, error) {
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	if env.Now == nil {
		env.Now = time.Now
	}
	rdb, err := t.client(callPool)
	if err != nil {
		return nil, err
	}
	beats, err := t.client(feedPool)
	if err != nil {
		_ = rdb.Close()
		return nil, err
	}
	s := &Store{rdb: rdb, beats: beats, env: env, prefix: t.prefix}
	s.feed = newFollower(s)
	for i := range s.turns {
		s.turns[i] = make(chan struct{}, 1)
	}
	if err := s.greet(ctx, t); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("opening sessions in Redis at %s: %w", t, err)
	}
	return s, nil
}

// greet looks whom we talk to. Only what no waiting would mend is an error.
func (s *Store) greet(ctx context.Context, t *target) error {
	patient, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	err := s.rdb.Ping(patient).Err()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && refused(err):
		return err
	case err != nil:
		s.env.Log.Warn("Redis cannot be reached; people with a session get 503 until it can", "redis", t.String(), "error", err)
		return nil
	}
	// A user that may not ask for INFO can be served all the same, without advice.
	facts := infoFields(s.rdb.Info(patient, "server").Val())
	if v := facts["redis_version"]; v != "" && olderThan(v, 6, 2) {
		return fmt.Errorf("version %s is too old: 6.2 or newer is needed", v)
	}
	if mode := facts["redis_mode"]; mode == "cluster" && !t.cluster() {
		return errors.New("it is a Cluster: give the URLs of several nodes, or add ?cluster=true")
	} else if mode == "standalone" && t.cluster() {
		return errors.New("it is no Cluster: give a single URL")
	} else if mode == "sentinel" {
		return errors.New("it is a Sentinel: give redis+sentinel://host:port/<master>")
	}
	facts = infoFields(s.rdb.Info(patient, "memory").Val())
	if policy := facts["maxmemory_policy"]; policy != "" && policy != "noeviction" && facts["maxmemory"] != "0" {
		s.env.Log.Warn("Redis may evict sessions when its memory is full: set maxmemory-policy noeviction",
			"redis", t.String(), "maxmemory_policy", policy)
	}
	return nil
}

// infoFields reads the lines of INFO.
func infoFields(info string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	return fields
}

func olderThan(version string, major, minor int) bool {
	var a, b int
	if _, err := fmt.Sscanf(version, "%d.%d", &a, &b); err != nil {
		return false
	}
	return a < major || a == major && b < minor
}

// Ping says whether Redis answers.
func (s *Store) Ping(ctx context.Context) error {
	ctx, done, err := s.begin(ctx, readPatience)
	if err != nil {
		return err
	}
	defer done()
	return s.failed(ctx, "pinging", s.rdb.Ping(ctx).Err())
}

// Close ends the feed and the connections. Every later call returns ErrClosed.
func (s *Store) Close() (err error) {
	s.close.Do(func() {
		s.closed.Store(true)
		s.feed.stop()
		err = errors.Join(s.rdb.Close(), s.beats.Close())
	})
	return err
}

// begin bounds a call.
func (s *Store) begin(ctx context.Context, patience time.Duration) (context.Context, context.CancelFunc, error) {
	if s.closed.Load() {
		return ctx, nil, store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return ctx, nil, s.failed(ctx, "not begun", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	return ctx, cancel, nil
}

func (s *Store) now() time.Time { return s.env.Now() }

// Interface guards
var (
	_ store.SessionStore   = (*Store)(nil)
	_ store.SessionCounter = (*Store)(nil)
)
