package redis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/store"
)

// touchBatch is how many uses go into one pipeline.
const touchBatch = 256

// TouchSessions moves LastSeen forward. The sign-in is touched before the child, so that a child's copy of the idle
// limit never outlives its family's. A batch costs five round trips, however many sessions it names, and more only
// where another call changes one of them at the same time.
func (s *Store) TouchSessions(ctx context.Context, uses []store.Use) error {
	latest := make(map[store.Key]time.Time, len(uses))
	for _, use := range uses {
		if at, ok := latest[use.Key]; !ok || use.Seen.After(at) {
			latest[use.Key] = use.Seen
		}
	}
	keys := make([]store.Key, 0, len(latest))
	for key := range latest {
		keys = append(keys, key)
	}
	for len(keys) > 0 {
		n := min(touchBatch, len(keys))
		if err := s.touchBatch(ctx, keys[:n], latest); err != nil {
			return err
		}
		keys = keys[n:]
	}
	if s.closed.Load() {
		return store.ErrClosed
	}
	return nil
}

func (s *Store) touchBatch(ctx context.Context, keys []store.Key, seen map[store.Key]time.Time) error {
	ctx, done, err := s.begin(ctx, bulkPatience)
	if err != nil {
		return err
	}
	defer done()
	err = s.touchFamilies(ctx, keys, seen)
	return s.failed(ctx, "recording use", err)
}

func (s *Store) touchFamilies(ctx context.Context, keys []store.Key, seen map[store.Key]time.Time) error {
	used, err := s.loadAll(ctx, keys)
	if err != nil {
		return err
	}
	// Whose key has changed meanwhile is used under the new one.
	for i, h := range used {
		if h.record != nil && h.kind == isPointer {
			next, err := s.follow(ctx, h.moved)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			used[i] = next
			if err == nil && seen[h.key].After(seen[next.key]) {
				seen[next.key] = seen[h.key]
			}
		}
	}
	parents := map[member]held{}
	at := map[member]time.Time{}
	for _, h := range used {
		if h.record == nil {
			continue
		}
		m := memberOf(h)
		if seen[h.key].After(at[m]) {
			at[m] = seen[h.key]
		}
		if h.kind == isSignIn {
			parents[m] = h
		}
	}
	var missing []member
	for m := range at {
		if _, ok := parents[m]; !ok {
			missing = append(missing, m)
		}
	}
	if err := s.loadSignIns(ctx, missing, parents); err != nil {
		return err
	}

	now := s.now()
	var first, second []held
	alive := map[member]bool{}
	for m, h := range parents {
		alive[m] = h.record.live(now)
		if alive[m] && !h.closing {
			first = append(first, h)
		}
	}
	for _, h := range used {
		if h.record == nil || h.kind != isChild {
			continue
		}
		m := memberOf(h)
		parent, ok := parents[m]
		switch {
		case !ok || !parent.lists(h.key):
			// A child that no sign-in lists is what a lost or rolled-back server left behind. No end would find it.
			if err := s.drop(ctx, h.session.UserID, h.key); err != nil {
				return err
			}
		case alive[m]:
			second = append(second, h)
		}
	}
	when := func(h held) time.Time {
		t := at[memberOf(h)]
		if t.After(now) {
			return now
		}
		return t
	}
	if err := s.touchAll(ctx, first, when); err != nil {
		return err
	}
	return s.touchAll(ctx, second, when)
}

// member names a family: the sign-in of a user.
type member struct{ user, signIn string }

func memberOf(h held) member { return member{h.session.UserID, h.session.RootID()} }

// loadSignIns adds the records of sign-ins that are known by their children only: one round trip to the index and one
// to the records, and more only for those whose key is just being changed. Those that have ended stay out.
func (s *Store) loadSignIns(ctx context.Context, wanted []member, into map[member]held) error {
	if len(wanted) == 0 {
		return nil
	}
	got := make([][2]*redis.StringCmd, len(wanted))
	if _, err := s.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, m := range wanted {
			p := s.place(m.user)
			for j, name := range p.keys() {
				got[i][j] = pipe.HGet(ctx, name, p.field(m.signIn))
			}
		}
		return nil
	}); err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	keys := make([]store.Key, len(wanted))
	for i := range wanted {
		key, err := listed(got[i])
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		keys[i] = key // an unknown one where it is not listed
	}
	records, err := s.loadAll(ctx, keys)
	if err != nil {
		return err
	}
	for i, m := range wanted {
		h := records[i]
		if h.record == nil || h.kind != isSignIn || memberOf(h) != m {
			if h, err = s.signIn(ctx, m.user, m.signIn)(); errors.Is(err, store.ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
		}
		into[m] = h
	}
	return nil
}

// loadAll reads records in one round trip; the place of one that is not there stays empty.
func (s *Store) loadAll(ctx context.Context, keys []store.Key) ([]held, error) {
	got := make([]*redis.StringCmd, len(keys))
	if _, err := s.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, key := range keys {
			got[i] = pipe.Get(ctx, s.recordKey(key))
		}
		return nil
	}); err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	found := make([]held, len(keys))
	for i, cmd := range got {
		raw, err := cmd.Result()
		h, err := unpack(keys[i], raw, err)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		found[i] = h
	}
	return found, nil
}

// touchAll moves records forward in one round trip, and one by one where another call came between.
func (s *Store) touchAll(ctx context.Context, records []held, when func(held) time.Time) error {
	var cmds []*redis.Cmd
	var sent []held
	now := s.now()
	_, err := s.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, h := range records {
			next := h.clone()
			if !next.seen(when(h), now) {
				continue
			}
			b, err := next.encode()
			if err != nil {
				return err
			}
			sent = append(sent, h)
			cmds = append(cmds, pipe.EvalSha(ctx, swap.Hash(), []string{s.recordKey(h.key)}, h.raw, b,
				next.ttl(now).Milliseconds(), "", ""))
		}
		return nil
	})
	if err != nil && !redis.HasErrorPrefix(err, "NOSCRIPT") {
		return err
	}
	for i, cmd := range cmds {
		n, err := cmd.Int()
		if err == nil && n == 1 {
			continue
		}
		if err != nil && !redis.HasErrorPrefix(err, "NOSCRIPT") {
			return err
		}
		h := sent[i]
		if _, err := s.change(ctx, s.at(ctx, h.key), false, func(next held) (bool, error) {
			return !next.closing && next.seen(when(h), s.now()), nil
		}); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

// seen moves LastSeen of a record that is still alive, and reports whether it did. A child's own copy of the idle limit
// may have passed: its family lives, or it would not be asked.
func (r *record) seen(at, now time.Time) bool {
	if r.over(now) || r.kind == isSignIn && !r.live(now) || !at.After(r.session.LastSeen) {
		return false
	}
	r.session.LastSeen = at
	return true
}
