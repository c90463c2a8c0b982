package redis

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/store"
)

// entryValue is what the index keeps of a sign-in: the key of its record and its absolute deadline in whole seconds, by
// which dead entries are known.
func entryValue(key store.Key, expires time.Time) string {
	seconds := min(max(expires.Unix()+int64(slack/time.Second), 0), math.MaxUint32)
	return string(binary.BigEndian.AppendUint32(key[:], uint32(seconds)))
}

func entryKey(value string) (key store.Key, err error) {
	if len(value) != len(key)+4 {
		return key, fmt.Errorf("index of sign-ins: %w", errDamaged)
	}
	copy(key[:], value)
	return key, nil
}

// entry is one sign-in as listed.
type entry struct{ field, value string }

// enter lists a sign-in. It returns the identity that RefreshIdentity told lately, if any.
func (s *Store) enter(ctx context.Context, r *record) (*store.Identity, error) {
	p := s.place(r.session.UserID)
	now := s.now()
	ttl := lifetime(r.session.Expires.Sub(now))
	mark, err := s.run(ctx, enter, append(p.keys(), p.mark), p.field(r.session.ID),
		entryValue(r.session.Key, r.session.Expires), ttl.Milliseconds(), now.Unix()).Text()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return unmark(mark, r.session.UserID)
}

// lookup returns the key that is listed in a field; ErrNotFound where there is none.
func (s *Store) lookup(ctx context.Context, p place, field string) (key store.Key, err error) {
	var got [2]*redis.StringCmd
	// Exec returns one error of the two answers; each is looked at for itself.
	_, _ = s.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, name := range p.keys() {
			got[i] = pipe.HGet(ctx, name, field)
		}
		return nil
	})
	return listed(got)
}

// listed returns the key that one of a place's two buckets answered.
func listed(answers [2]*redis.StringCmd) (key store.Key, err error) {
	for _, cmd := range answers {
		value, err := cmd.Result()
		if err == nil {
			return entryKey(value)
		}
		if !errors.Is(err, redis.Nil) {
			return key, err
		}
	}
	return key, store.ErrNotFound
}

// resolve returns the record that is listed in a field under key. Where that is gone it asks the index again: the key
// may have been changed since it was read.
func (s *Store) resolve(ctx context.Context, p place, field string, key store.Key) (held, error) {
	for {
		h, err := s.follow(ctx, key)
		if !errors.Is(err, store.ErrNotFound) {
			return h, err
		}
		now, err := s.lookup(ctx, p, field)
		if err == nil && now == key {
			err = store.ErrNotFound
		}
		if err != nil {
			return held{}, err
		}
		key = now
	}
}

// entries returns what is listed of a user, and by accident of others with the same tag: only the record tells.
func (s *Store) entries(ctx context.Context, userID string) ([]entry, error) {
	p := s.place(userID)
	return pairs(s.run(ctx, list, p.keys(), p.pattern()))
}

func pairs(cmd *redis.Cmd) ([]entry, error) {
	flat, err := cmd.StringSlice()
	if err != nil {
		return nil, err
	}
	if len(flat)%2 != 0 {
		return nil, errDamaged
	}
	found := make([]entry, 0, len(flat)/2)
	for i := 0; i < len(flat); i += 2 {
		found = append(found, entry{flat[i], flat[i+1]})
	}
	return found, nil
}

// unlist removes a sign-in from the index.
func (s *Store) unlist(ctx context.Context, userID, id string) error {
	p := s.place(userID)
	return s.run(ctx, leave, p.keys(), p.field(id), "").Err()
}

// signIns returns the records of a user's sign-ins, and takes entries out of the index whose record is gone. A
// sign-in's record is written before it is listed, so an entry without one is dead.
func (s *Store) signIns(ctx context.Context, userID string, entries []entry) ([]held, error) {
	got := make([]*redis.StringCmd, len(entries))
	keys := make([]store.Key, len(entries))
	for i, e := range entries {
		var err error
		if keys[i], err = entryKey(e.value); err != nil {
			return nil, err
		}
	}
	if len(entries) > 0 {
		if _, err := s.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, key := range keys {
				got[i] = pipe.Get(ctx, s.recordKey(key))
			}
			return nil
		}); err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
	}
	p := s.place(userID)
	var found []held
	for i, cmd := range got {
		raw, err := cmd.Result()
		h, err := unpack(keys[i], raw, err)
		if errors.Is(err, store.ErrNotFound) || err == nil && h.kind == isPointer {
			h, err = s.resolve(ctx, p, entries[i].field, keys[i])
		}
		switch {
		case errors.Is(err, store.ErrNotFound):
			if err := s.run(ctx, leave, p.keys(), entries[i].field, entries[i].value).Err(); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		case h.kind == isSignIn && h.session.UserID == userID:
			found = append(found, h)
		}
	}
	return found, nil
}
