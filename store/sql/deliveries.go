package sql

import (
	"context"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// AppendForDelivery stores all of events or none, and queues those that are new.
func (s *Store) AppendForDelivery(ctx context.Context, events []store.AuditEvent) error {
	return s.appendEvents(ctx, events, func(ctx context.Context, tx querier, e store.AuditEvent) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO deliveries (id, at, due, tries, fault) VALUES ($1, $2, $2, 0, '')`, free(e.ID), micros(e.Time))
		return err
	})
}

// ClaimDeliveries hands out what is due. Where nothing is, which is nearly always, it only reads.
func (s *Store) ClaimDeliveries(ctx context.Context, now, until time.Time, limit int) (claimed []store.Delivery, err error) {
	if limit <= 0 {
		return nil, nil
	}
	var due bool
	err = s.read(ctx, "looking for deliveries", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM deliveries WHERE due <= $1)`, micros(now)).Scan(&due)
	})
	if err != nil || !due {
		return nil, err
	}
	err = s.write(ctx, "claiming deliveries", func(ctx context.Context, tx querier) error {
		claimed, err = s.dueDeliveries(ctx, tx, now, limit)
		if err != nil {
			return err
		}
		for i := range claimed {
			claimed[i].Due = timeOf(micros(until))
			if _, err := tx.ExecContext(ctx, `UPDATE deliveries SET due = $2 WHERE id = $1`, claimed[i].Event.ID, micros(until)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// dueDeliveries holds what it returns until the transaction ends, and passes over what another gateway holds.
func (s *Store) dueDeliveries(ctx context.Context, tx querier, now time.Time, limit int) (list []store.Delivery, err error) {
	lock := s.d.update()
	if lock != "" {
		lock += " OF d SKIP LOCKED"
	}
	columns := "a." + strings.ReplaceAll(auditColumns, ", ", ", a.")
	rows, err := tx.QueryContext(ctx, `SELECT `+columns+`, d.due, d.tries, d.fault FROM deliveries d JOIN audit a ON a.id = d.id
		WHERE d.due <= $1 ORDER BY d.due, d.id LIMIT $2`+lock, micros(now), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			d   store.Delivery
			due int64
		)
		if d.Event, err = scanEvent(rows, &due, &d.Tries, &d.Fault); err != nil {
			return nil, err
		}
		d.Due = timeOf(due)
		list = append(list, d)
	}
	return list, rows.Err()
}

// SettleDeliveries notes what became of claimed ones, all of it or nothing.
func (s *Store) SettleDeliveries(ctx context.Context, list []store.Delivery) error {
	if len(list) == 0 {
		return nil
	}
	return s.write(ctx, "settling deliveries", func(ctx context.Context, tx querier) (err error) {
		for _, d := range list {
			if d.Done {
				_, err = tx.ExecContext(ctx, `DELETE FROM deliveries WHERE id = $1`, free(d.Event.ID))
			} else {
				_, err = tx.ExecContext(ctx, `UPDATE deliveries SET due = $2, tries = $3, fault = $4 WHERE id = $1`, free(d.Event.ID),
					micros(d.Due), d.Tries, free(d.Fault))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// WaitingDeliveries counts what waits.
func (s *Store) WaitingDeliveries(ctx context.Context) (w store.DeliveryQueue, err error) {
	err = s.read(ctx, "counting deliveries", func(ctx context.Context, q querier) error {
		var at int64
		err := q.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM deliveries), (SELECT COUNT(*) FROM deliveries WHERE tries > 0),
			(SELECT COALESCE(MIN(at), 0) FROM deliveries),
			COALESCE((SELECT fault FROM deliveries WHERE tries > 0 ORDER BY tries DESC LIMIT 1), '')`).Scan(&w.Waiting, &w.Tried, &at, &w.Fault)
		w.Oldest = timeOf(at)
		return err
	})
	if err != nil {
		return store.DeliveryQueue{}, err
	}
	return w, nil
}
