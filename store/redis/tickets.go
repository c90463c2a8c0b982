package redis

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/store"
)

// PutTicket stores a ticket until its deadline.
func (s *Store) PutTicket(ctx context.Context, purpose string, key store.Key, payload []byte, deadline time.Time) error {
	ctx, done, err := s.begin(ctx, writePatience)
	if err != nil {
		return err
	}
	defer done()
	now := s.now()
	packed := append(binary.BigEndian.AppendUint64(nil, uint64(max(deadline.UnixMilli(), 0))), payload...)
	n, err := s.run(ctx, putTicket, []string{s.ticketKey(purpose, key)}, packed,
		lifetime(deadline.Sub(now)).Milliseconds(), now.UnixMilli()).Int()
	if err == nil && n == 0 {
		err = store.ErrTaken
	}
	return s.failed(ctx, "storing a ticket", err)
}

// TakeTicket returns a ticket and deletes it in the same step. Where the answer is lost the ticket is lost with it:
// twice would be worse.
func (s *Store) TakeTicket(ctx context.Context, purpose string, key store.Key) ([]byte, error) {
	ctx, done, err := s.begin(ctx, writePatience)
	if err != nil {
		return nil, err
	}
	defer done()
	packed, err := s.rdb.GetDel(ctx, s.ticketKey(purpose, key)).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		err = store.ErrNotFound
	case err == nil && len(packed) < 8:
		err = errDamaged
	case err == nil && int64(binary.BigEndian.Uint64(packed)) <= s.now().UnixMilli():
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, s.failed(ctx, "taking a ticket", err)
	}
	return packed[8:], nil
}
