package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	// countedExactly is up to how many sign-ins are each looked at.
	countedExactly = 4096
	// countSample is how many of more are: the estimate is then good to about one in fifty.
	countSample = 2048
	// countBatch is how many commands are sent at once.
	countBatch = 1024
)

// CountSessions adds up the buckets of the index, which takes the same time for ten sign-ins as for a million. What is
// listed may have ended by disuse, so all of few, or a sample of many, are read to tell how many live.
func (s *Store) CountSessions(ctx context.Context) (int, error) {
	ctx, done, err := s.begin(ctx, bulkPatience)
	if err != nil {
		return 0, err
	}
	defer done()
	n, err := s.countSessions(ctx)
	return n, s.failed(ctx, "counting sessions", err)
}

// bucket is a bucket of the index, and how many entries it has, or how many of them are to be looked at.
type bucket struct {
	name string
	n    int
}

func (s *Store) countSessions(ctx context.Context) (int, error) {
	all, total, err := s.buckets(ctx)
	if err != nil || total == 0 {
		return 0, err
	}
	if total <= countedExactly {
		_, living, err := s.living(ctx, all)
		return living, err
	}
	looked, living, err := s.living(ctx, sampleOf(all, total, countSample))
	if err != nil || looked == 0 {
		return 0, err
	}
	return int(int64(total) * int64(living) / int64(looked)), nil
}

// buckets returns the buckets that are not empty.
func (s *Store) buckets(ctx context.Context) (all []bucket, total int, err error) {
	var names []string
	for top := range 1 << 10 {
		name := fmt.Sprintf("%si{%03x}", s.prefix, top)
		names = append(names, name)
		for over := range 16 {
			names = append(names, fmt.Sprintf("%s%x", name, over))
		}
	}
	lengths, err := inBatches(ctx, s, names, func(pipe redis.Pipeliner, name string) *redis.IntCmd { return pipe.HLen(ctx, name) })
	if err != nil {
		return nil, 0, err
	}
	for i, cmd := range lengths {
		if n := int(cmd.Val()); n > 0 {
			all = append(all, bucket{names[i], n})
			total += n
		}
	}
	return all, total, nil
}

// sampleOf spreads n looks evenly over all entries, so that each is as likely as any other to be looked at.
func sampleOf(all []bucket, total, n int) (sample []bucket) {
	seen, taken := 0, 0
	for _, b := range all {
		seen += b.n
		due := int(int64(seen) * int64(n) / int64(total))
		if due > taken {
			sample = append(sample, bucket{b.name, due - taken})
			taken = due
		}
	}
	return sample
}

// living looks at some entries of each bucket, chosen by chance, and tells how many of them are of a sign-in that
// lives.
func (s *Store) living(ctx context.Context, of []bucket) (looked, living int, err error) {
	some, err := inBatches(ctx, s, of, func(pipe redis.Pipeliner, b bucket) *redis.KeyValueSliceCmd {
		return pipe.HRandFieldWithValues(ctx, b.name, b.n)
	})
	if err != nil {
		return 0, 0, err
	}
	var keys []store.Key
	for _, cmd := range some {
		for _, e := range cmd.Val() {
			key, err := entryKey(e.Value)
			if err != nil {
				return 0, 0, err
			}
			keys = append(keys, key)
		}
	}
	records, err := inBatches(ctx, s, keys, func(pipe redis.Pipeliner, key store.Key) *redis.StringCmd {
		return pipe.Get(ctx, s.recordKey(key))
	})
	if err != nil {
		return 0, 0, err
	}
	for i, cmd := range records {
		raw, err := cmd.Result()
		h, err := unpack(keys[i], raw, err)
		if err == nil && h.kind == isPointer {
			h, err = s.follow(ctx, h.moved) // its key was changed just now
		}
		switch {
		case err == nil && h.kind == isSignIn && !h.session.Expired(s.now()):
			living++
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return 0, 0, err
		}
	}
	return len(keys), living, nil
}

// inBatches asks one thing of each, some at a time. What is not there is no error.
func inBatches[T any, C redis.Cmder](ctx context.Context, s *Store, of []T, ask func(redis.Pipeliner, T) C) ([]C, error) {
	answers := make([]C, 0, len(of))
	for len(of) > 0 {
		n := min(len(of), countBatch)
		// Exec returns one error of all answers; each is looked at for itself.
		_, _ = s.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for _, one := range of[:n] {
				answers = append(answers, ask(pipe, one))
			}
			return nil
		})
		of = of[n:]
		for _, cmd := range answers[len(answers)-n:] {
			if err := cmd.Err(); err != nil && !errors.Is(err, redis.Nil) {
				return nil, err
			}
		}
	}
	return answers, nil
}
