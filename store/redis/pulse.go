package redis

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// topologyEvery is how often a Cluster is asked who its masters are.
const topologyEvery = 2 * time.Second

// pulse publishes this instance's heartbeats through every master and knows which came back. In a Cluster a message
// reaches our subscription over the nodes' bus: only a beat through each master vouches for its part of the way.
type pulse struct {
	store   *Store
	channel string

	mu      sync.Mutex
	masters map[string]*master
	begun   time.Time
	err     error // why the path can no longer be vouched for
}

// master is one server that publishes changes.
type master struct {
	addr    string
	client  redis.UniversalClient
	history string // names the history of its data: another one is worth what a new server is
	heard   time.Time
	busy    bool // a beat is under way
}

func newPulse(s *Store, channel string) *pulse {
	return &pulse{store: s, channel: channel, begun: time.Now()}
}

// run beats until ctx ends. A beat that hangs delays no other.
func (p *pulse) run(ctx context.Context) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	var looked time.Time
	for {
		if now := time.Now(); now.Sub(looked) >= topologyEvery {
			if err := p.look(ctx); err == nil {
				looked = now
			}
		}
		p.mu.Lock()
		for _, m := range p.masters {
			if !m.busy {
				m.busy = true
				wg.Go(func() { p.beat(ctx, m) })
			}
		}
		p.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look learns the masters. Other ones than before end this path.
func (p *pulse) look(ctx context.Context) error {
	found := map[string]*master{}
	switch rdb := p.store.beats.(type) {
	case *redis.ClusterClient:
		ctx, cancel := context.WithTimeout(ctx, silence)
		defer cancel()
		var mu sync.Mutex
		if err := rdb.ForEachMaster(ctx, func(_ context.Context, c *redis.Client) error {
			mu.Lock()
			defer mu.Unlock()
			addr := c.Options().Addr
			found[addr] = &master{addr: addr, client: c}
			return nil
		}); err != nil {
			return err
		}
	default:
		found[""] = &master{client: rdb}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.masters == nil {
		p.masters = found
		return nil
	}
	same := len(found) == len(p.masters)
	for addr := range found {
		if p.masters[addr] == nil {
			same = false
		}
	}
	if !same {
		p.err = errNewPath
	}
	return nil
}

// beat publishes one heartbeat, and looks in the same round trip whether the data are still those they were: a replica
// that was promoted has another replication id, and a FLUSHALL or FLUSHDB, which no script of ours tells of, is
// counted.
func (p *pulse) beat(ctx context.Context, m *master) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	var replication, calls *redis.StringCmd
	_, _ = m.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		replication, calls = pipe.Info(ctx, "replication"), pipe.Info(ctx, "commandstats")
		pipe.Publish(ctx, p.channel, m.addr)
		return nil
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	m.busy = false
	if replication.Err() != nil || calls.Err() != nil {
		return // it is the silence that counts; a user without the right to INFO goes on without this look
	}
	facts := infoFields(replication.Val())
	history := facts["master_replid"]
	for _, flush := range []string{"cmdstat_flushall", "cmdstat_flushdb"} {
		times, _, _ := strings.Cut(infoFields(calls.Val())[flush], ",")
		history += " " + times
	}
	switch {
	case facts["role"] == "slave":
		p.err = fmt.Errorf("%w: it is a replica now", errNewPath)
	case m.history == "":
		m.history = history
	case m.history != history:
		p.err = errNewPath
	}
}

// heard notes a heartbeat that came back.
func (p *pulse) heard(addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.masters[addr]; m != nil {
		m.heard = time.Now()
	}
}

// state reports whether every master's beats come back, and why they never will again on this path.
func (p *pulse) state() (alive bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return false, p.err
	}
	now := time.Now()
	alive = len(p.masters) > 0
	for _, m := range p.masters {
		switch {
		case m.heard.IsZero():
			alive = false
		case now.Sub(m.heard) > silence:
			return false, fmt.Errorf("%w for %v: %s", errSilent, silence, strings.TrimSpace("through "+m.addr))
		}
	}
	if !alive && now.Sub(p.begun) > comeUp {
		return false, errSilent
	}
	return alive, nil
}
