package sql

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Setting returns a small fact of the installation.
func (s *Store) Setting(ctx context.Context, name string) (value []byte, err error) {
	err = s.read(ctx, "reading a setting", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = $1`, name).Scan(&value)
	})
	if err != nil {
		return nil, err
	}
	return value, nil
}

// PutSetting stores value where the name still holds old; nil stands for a new name.
func (s *Store) PutSetting(ctx context.Context, name string, old, value []byte) error {
	return s.writeAlone(ctx, "storing a setting", func(ctx context.Context, q querier) error {
		if old == nil {
			res, err := q.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
				name, data(value))
			return atLeastOne(res, err, store.ErrStale)
		}
		res, err := q.ExecContext(ctx, `UPDATE settings SET value = $3 WHERE name = $1 AND value = $2`, name, old, data(value))
		return atLeastOne(res, err, store.ErrStale)
	})
}
