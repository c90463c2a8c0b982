package sql

import (
	"context"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// PutTicket stores a ticket. One that has expired and was not purged yet is in no one's way.
func (e *embedded) PutTicket(ctx context.Context, purpose string, key store.Key, payload []byte, deadline time.Time) error {
	return e.writeAlone(ctx, "storing a ticket", func(ctx context.Context, q querier) error {
		res, err := q.ExecContext(ctx, `INSERT INTO tickets (purpose, key, payload, deadline) VALUES ($1, $2, $3, $4)
			ON CONFLICT (purpose, key) DO UPDATE SET payload = excluded.payload, deadline = excluded.deadline
			WHERE tickets.deadline <= $5`, purpose, key[:], data(payload), micros(deadline), e.s.now())
		return atLeastOne(res, err, store.ErrTaken)
	})
}

// TakeTicket returns a ticket and forgets it: one DELETE, of which only one caller gets the row.
func (e *embedded) TakeTicket(ctx context.Context, purpose string, key store.Key) (payload []byte, err error) {
	err = e.writeAlone(ctx, "taking a ticket", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, `DELETE FROM tickets WHERE purpose = $1 AND key = $2 AND deadline > $3
			RETURNING payload`, purpose, key[:], e.s.now()).Scan(&payload)
	})
	if err != nil {
		return nil, err
	}
	return payload, nil
}
