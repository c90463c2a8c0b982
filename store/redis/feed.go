package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/internal/loop"
	"github.com/gatehouse-auth/gatehouse/store/feed"
)

// Times of the feed. The contract: a heartbeat every 250 ms, and 750 ms of silence mean down.
const (
	beatEvery = 250 * time.Millisecond
	silence   = 750 * time.Millisecond
	comeUp    = 3 * time.Second // how long a new subscription may take until its first beats arrive
)

// resubscribe is how long to wait between tries. The jitter keeps gateways from coming back all at once.
var resubscribe = loop.Backoff{First: 50 * time.Millisecond, Longest: time.Second, Jitter: 0.5}

// follower follows one channel on a connection of its own, from the first Subscribe on until the store is closed.
type follower struct {
	store   *Store
	channel string   // every changed user, published by the script that changed
	beats   string   // this instance's own heartbeats
	hub     feed.Hub // the pulse watches for silence, master by master

	mu      sync.Mutex
	cancel  context.CancelFunc
	stopped bool
	done    chan struct{}
}

func newFollower(s *Store) *follower {
	return &follower{store: s, channel: s.prefix + "feed", beats: s.prefix + "beat:" + rand.Text()}
}

// Subscribe tells of changes; see store.Feed. A callback must not cancel its own subscription.
func (s *Store) Subscribe(changed func(userID string), state func(up bool)) (cancel func()) {
	s.feed.start()
	return s.feed.hub.Subscribe(changed, state).Cancel
}

func (f *follower) start() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped || f.cancel != nil {
		return
	}
	// The feed outlives its first subscriber; stop ends it.
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel, f.done = cancel, make(chan struct{})
	go f.run(ctx)
}

func (f *follower) stop() {
	f.mu.Lock()
	f.stopped = true
	cancel, done := f.cancel, f.done
	f.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
	f.hub.Close()
}

// run follows the channel, and begins anew with growing patience whenever the way is lost.
func (f *follower) run(ctx context.Context) {
	defer close(f.done)
	log := f.store.env.Log
	for failures := 0; ; {
		wasUp, err := f.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if wasUp {
			failures = 0
		}
		if failures++; failures == 1 {
			log.Warn("the feed of changed sessions is down; sessions are read from Redis until it is back", "error", err)
		} else {
			log.Debug("the feed of changed sessions is still down", "error", err)
		}
		loop.Wait(ctx, resubscribe.Pause(failures), nil)
	}
}

var (
	errSilent  = errors.New("no heartbeat came through")
	errNewPath = errors.New("the masters or their data are others now")
)

// follow subscribes, and vouches for the channel as long as our own heartbeats, published through every master, come
// back in time. It returns when they do not, or when a master turns out to be another: one that was promoted may hold
// older data, so what was read from the one before is worth nothing.
func (f *follower) follow(ctx context.Context) (wasUp bool, err error) {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ps := f.store.beats.Subscribe(ctx)
	defer ps.Close()
	defer f.hub.Down() // before anything that may take its time
	subscribing, done := context.WithTimeout(ctx, comeUp)
	defer done()
	if err := ps.Subscribe(subscribing, f.channel, f.beats); err != nil {
		return false, fmt.Errorf("subscribing: %w", err)
	}

	messages := make(chan any, 1024)
	failed := make(chan error, 1)
	wg.Go(func() {
		for {
			m, err := ps.ReceiveTimeout(ctx, 0)
			if err != nil {
				failed <- err
				return
			}
			select {
			case messages <- m:
			case <-ctx.Done():
				return
			}
		}
	})
	p := newPulse(f.store, f.beats)
	wg.Go(func() { p.run(ctx) })

	check := time.NewTicker(beatEvery / 5)
	defer check.Stop()
	confirmed := 0
	for {
		select {
		case <-ctx.Done():
			return wasUp, ctx.Err()
		case err := <-failed:
			return wasUp, fmt.Errorf("listening: %w", err)
		case m := <-messages:
			switch m := m.(type) {
			case *redis.Subscription:
				confirmed++
			case *redis.Message:
				if m.Channel == f.beats {
					p.heard(m.Payload)
				} else {
					f.hub.Changed(m.Payload)
				}
			}
		case <-check.C:
		}
		alive, err := p.state()
		switch {
		case err != nil:
			return wasUp, err
		case confirmed >= 2 && alive && !wasUp:
			wasUp = true
			f.hub.Alive()
			f.store.env.Log.Info("the feed of changed sessions is up")
		}
	}
}
