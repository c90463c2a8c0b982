package sql

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

var _ store.Outbox = (*Store)(nil)

const selectMail = `SELECT id, kind, recipient, payload, created, due, tries, fault FROM mail `

func scanMail(row scanner) (m store.Mail, err error) {
	var created, due int64
	err = row.Scan(&m.ID, &m.Kind, &m.To, &m.Payload, &created, &due, &m.Tries, &m.Fault)
	if err != nil {
		return store.Mail{}, err
	}
	m.Created, m.Due = timeOf(created), timeOf(due)
	return m, nil
}

// QueueMail stores a message.
func (s *Store) QueueMail(ctx context.Context, m store.Mail) error {
	if !storable(m.To) || !storable(m.ID) || !storable(m.Kind) {
		return fmt.Errorf("queuing a message: the id, kind or address cannot be stored")
	}
	return s.writeAlone(ctx, "queuing a message", func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO mail (id, kind, recipient, payload, created, due, tries, fault)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, m.ID, m.Kind, m.To, data(m.Payload), micros(m.Created), micros(m.Due),
			m.Tries, free(m.Fault))
		if err != nil {
			if unique, _ := s.d.constraintViolation(err); unique != "" {
				return store.ErrTaken
			}
		}
		return err
	})
}

// ClaimMail hands out what is due. Where nothing is, which is nearly always, it only reads.
func (s *Store) ClaimMail(ctx context.Context, now, until time.Time, limit int) (claimed []store.Mail, err error) {
	if limit <= 0 {
		return nil, nil
	}
	var due bool
	err = s.read(ctx, "looking for messages", func(ctx context.Context, q querier) error {
		var one int
		err := q.QueryRowContext(ctx, `SELECT 1 FROM mail WHERE due <= $1 LIMIT 1`, micros(now)).Scan(&one)
		if errors.Is(err, stdsql.ErrNoRows) {
			return nil
		}
		due = err == nil
		return err
	})
	if err != nil || !due {
		return nil, err
	}
	err = s.write(ctx, "claiming messages", func(ctx context.Context, tx querier) error {
		claimed, err = s.dueMail(ctx, tx, now, limit)
		if err != nil {
			return err
		}
		for i := range claimed {
			claimed[i].Tries++
			claimed[i].Due = timeOf(micros(until))
			_, err := tx.ExecContext(ctx, `UPDATE mail SET due = $2, tries = $3 WHERE id = $1`, claimed[i].ID, micros(until),
				claimed[i].Tries)
			if err != nil {
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

// dueMail holds what it returns until the transaction ends, and passes over what another gateway holds.
func (s *Store) dueMail(ctx context.Context, tx querier, now time.Time, limit int) (list []store.Mail, err error) {
	lock := s.d.update()
	if lock != "" {
		lock += " SKIP LOCKED"
	}
	rows, err := tx.QueryContext(ctx, selectMail+`WHERE due <= $1 ORDER BY created, id LIMIT $2`+lock, micros(now), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		m, err := scanMail(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

// RetryMail gives a message back.
func (s *Store) RetryMail(ctx context.Context, id string, due time.Time, fault string) error {
	if !storable(id) {
		return fmt.Errorf("giving a message back: %w", store.ErrNotFound)
	}
	return s.writeAlone(ctx, "giving a message back", func(ctx context.Context, q querier) error {
		res, err := q.ExecContext(ctx, `UPDATE mail SET due = $2, fault = $3 WHERE id = $1`, id, micros(due), free(fault))
		return atLeastOne(res, err, store.ErrNotFound)
	})
}

// DoneMail forgets a message.
func (s *Store) DoneMail(ctx context.Context, id string) error {
	if !storable(id) {
		return nil
	}
	return s.writeAlone(ctx, "forgetting a message", func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `DELETE FROM mail WHERE id = $1`, id)
		return err
	})
}

// WaitingMail counts what waits.
func (s *Store) WaitingMail(ctx context.Context) (n int, oldest time.Time, err error) {
	err = s.read(ctx, "counting messages", func(ctx context.Context, q querier) error {
		var created int64
		err := q.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(MIN(created), 0) FROM mail`).Scan(&n, &created)
		oldest = timeOf(created)
		return err
	})
	if err != nil {
		return 0, time.Time{}, err
	}
	return n, oldest, nil
}

// FailingMail tells of messages that failed.
func (s *Store) FailingMail(ctx context.Context) (f store.MailFailure, err error) {
	err = s.read(ctx, "looking for messages that failed", func(ctx context.Context, q querier) error {
		var created int64
		err := q.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(MIN(created), 0),
			COALESCE((SELECT fault FROM mail WHERE fault <> '' ORDER BY due DESC, id LIMIT 1), '')
			FROM mail WHERE fault <> ''`).Scan(&f.Count, &created, &f.Fault)
		f.Oldest = timeOf(created)
		return err
	})
	if err != nil {
		return store.MailFailure{}, err
	}
	return f, nil
}
