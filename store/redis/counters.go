package redis

import (
	"context"
	"errors"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Count counts one guess. It is sent once: a guess whose answer was lost is an error, counted or not. Only a Cluster
// client may send it again, and then it counts twice, on the safe side.
func (s *Store) Count(ctx context.Context, name string, limit int, window time.Duration) (bool, time.Duration, error) {
	ctx, done, err := s.begin(ctx, writePatience)
	if err != nil {
		return false, 0, err
	}
	defer done()
	got, err := s.run(ctx, count, []string{s.counterKey(name)}, limit, window.Milliseconds(), s.now().UnixMilli()).Int64Slice()
	if err == nil && len(got) != 2 {
		err = errors.New("a counter answered nonsense")
	}
	if err != nil {
		return false, 0, s.failed(ctx, "counting a guess", err)
	}
	return got[0] == 1, time.Duration(got[1]) * time.Millisecond, nil
}

// Release takes one guess back.
func (s *Store) Release(ctx context.Context, name string) error {
	ctx, done, err := s.begin(ctx, writePatience)
	if err != nil {
		return err
	}
	defer done()
	err = s.run(ctx, release, []string{s.counterKey(name)}, s.now().UnixMilli()).Err()
	return s.failed(ctx, "giving a guess back", err)
}

// Interface guards
var (
	_ store.Counters = (*Store)(nil)
	_ store.Tickets  = (*Store)(nil)
)
