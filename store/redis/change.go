package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/store"
)

// held is a record as it lay under a key, with the bytes that a swap compares.
type held struct {
	*record
	key store.Key
	raw string
}

// errLost: another call changed the record between our reading and our writing. Read again, decide again.
var errLost = errors.New("changed meanwhile")

// load reads the record under key; ErrNotFound where there is none.
func (s *Store) load(ctx context.Context, key store.Key) (held, error) {
	raw, err := s.rdb.Get(ctx, s.recordKey(key)).Result()
	return unpack(key, raw, err)
}

// unpack makes a held of what GET answered.
func unpack(key store.Key, raw string, err error) (held, error) {
	if errors.Is(err, redis.Nil) {
		return held{}, store.ErrNotFound
	}
	if err != nil {
		return held{}, err
	}
	r, err := decode([]byte(raw), key)
	return held{r, key, raw}, err
}

// follow reads the record under key, or the one that it points to. Several pointers in a row mean that a key was
// changed again before the index heard of it.
func (s *Store) follow(ctx context.Context, key store.Key) (held, error) {
	for range 8 {
		h, err := s.load(ctx, key)
		if err != nil || h.kind != isPointer {
			return h, err
		}
		key = h.moved
	}
	return held{}, fmt.Errorf("following a changed key: %w", errDamaged)
}

// swap replaces h by r, or deletes it where r is nil, and tells of userID unless that is empty; errLost where h is no
// longer what lies there.
func (s *Store) swap(ctx context.Context, h held, r *record, userID string) (held, error) {
	var b []byte
	ttl := slack
	if r != nil {
		var err error
		if b, err = r.encode(); err != nil {
			return h, err
		}
		ttl = r.ttl(s.now())
	}
	n, err := s.run(ctx, swap, []string{s.recordKey(h.key)}, h.raw, b, ttl.Milliseconds(), s.feed.channel, userID).Int()
	switch {
	case err != nil:
		return h, err
	case n == 0:
		return h, errLost
	}
	return held{r, h.key, string(b)}, nil
}

// change loads a record and swaps it for what edit makes of it, again until no other call came between. edit reports
// whether there is anything to write; it may run several times, and again after a swap whose answer was lost. Who has
// lost once waits for those of this process that lost before it: racing on would make all of them lose to one, over and
// over.
func (s *Store) change(ctx context.Context, load func() (held, error), tell bool, edit func(h held) (write bool, err error)) (held, error) {
	var turn chan struct{}
	defer func() {
		if turn != nil {
			<-turn
		}
	}()
	for {
		h, err := load()
		if err != nil {
			return h, err
		}
		next := held{h.clone(), h.key, h.raw}
		write, err := edit(next)
		if err != nil || !write {
			return next, err
		}
		userID := ""
		if tell {
			userID = h.session.UserID
		}
		if next, err = s.swap(ctx, h, next.record, userID); !errors.Is(err, errLost) {
			return next, err
		}
		if turn != nil {
			continue // lost to another process
		}
		mine := s.turns[int(h.key[0])%len(s.turns)]
		select {
		case mine <- struct{}{}:
			turn = mine
		case <-ctx.Done():
			return h, ctx.Err()
		}
	}
}

// at and signIn are the two ways to a record that change takes: by its key, and by its user and id.
func (s *Store) at(ctx context.Context, key store.Key) func() (held, error) {
	return func() (held, error) { return s.load(ctx, key) }
}

func (s *Store) signIn(ctx context.Context, userID, id string) func() (held, error) {
	return func() (held, error) {
		p := s.place(userID)
		key, err := s.lookup(ctx, p, p.field(id))
		if err != nil {
			return held{}, err
		}
		h, err := s.resolve(ctx, p, p.field(id), key)
		if err != nil {
			return h, err
		}
		if h.kind != isSignIn || h.session.UserID != userID || h.session.ID != id {
			return h, store.ErrNotFound
		}
		return h, nil
	}
}

// put writes a new record under a key that no one knows yet. again says that we wrote it before, in this very call.
func (s *Store) put(ctx context.Context, key store.Key, r *record, again bool) error {
	b, err := r.encode()
	if err != nil {
		return err
	}
	name, ttl := s.recordKey(key), r.ttl(s.now())
	if again {
		return s.rdb.Set(ctx, name, b, ttl).Err()
	}
	fresh, err := s.rdb.SetNX(ctx, name, b, ttl).Result()
	if err != nil || fresh {
		return err
	}
	if there, err := s.rdb.Get(ctx, name).Result(); err != nil || there != string(b) {
		return fmt.Errorf("the key of the new session: %w", store.ErrTaken)
	}
	return nil // a Cluster client sent it twice
}

// discard removes what put wrote and no one will ever use. Where that fails, its expiry does it.
func (s *Store) discard(ctx context.Context, keys ...store.Key) {
	if ctx.Err() != nil {
		// The caller's time is up; a moment of ours keeps memory clean.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 50*time.Millisecond)
		defer cancel()
	}
	for _, key := range keys {
		_ = s.rdb.Del(ctx, s.recordKey(key)).Err()
	}
}

// drop deletes records and tells of userID with each. Those that are gone already are no error.
func (s *Store) drop(ctx context.Context, userID string, keys ...store.Key) error {
	for _, key := range keys {
		if err := s.run(ctx, drop, []string{s.recordKey(key)}, s.feed.channel, userID).Err(); err != nil {
			return err
		}
	}
	return nil
}
