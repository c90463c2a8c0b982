package sql

import (
	"context"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/store"
)

const credentialColumns = `kind, id, owner, label, data, created, used, expires, version`

func scanCredential(row scanner) (c store.Credential, err error) {
	var created, used, expires int64
	err = row.Scan(&c.Kind, &c.ID, &c.Owner, &c.Label, &c.Data, &created, &used, &expires, &c.Version)
	c.Created, c.Used, c.Expires = timeOf(created), timeOf(used), timeOf(expires)
	return c, err
}

// PutCredential stores c, replacing one with the same kind and id of the same owner.
func (s *Store) PutCredential(ctx context.Context, c store.Credential) error {
	return s.writeAlone(ctx, "storing a credential", func(ctx context.Context, q querier) error {
		return s.putCredential(ctx, q, c)
	})
}

func (s *Store) putCredential(ctx context.Context, q querier, c store.Credential) error {
	res, err := q.ExecContext(ctx, `INSERT INTO credentials (`+credentialColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,1)
		ON CONFLICT (kind, id) DO UPDATE SET label = excluded.label, data = excluded.data, created = excluded.created,
			used = excluded.used, expires = excluded.expires, version = credentials.version + 1
		WHERE credentials.owner = excluded.owner`,
		c.Kind, c.ID, c.Owner, free(c.Label), data(c.Data), micros(c.Created), micros(c.Used), micros(c.Expires))
	if err == nil {
		return atLeastOne(res, nil, fmt.Errorf("%s credential: %w", c.Kind, store.ErrTaken))
	}
	if _, missing := s.d.constraintViolation(err); missing {
		return fmt.Errorf("its owner: %w", store.ErrNotFound)
	}
	return err
}

// SwapCredential replaces Data, Used and Label if Version is still c.Version.
func (s *Store) SwapCredential(ctx context.Context, c store.Credential) error {
	if !storable(c.Kind) || !storable(c.ID) {
		return store.ErrNotFound
	}
	return s.write(ctx, "changing a credential", func(ctx context.Context, tx querier) error {
		res, err := tx.ExecContext(ctx, `UPDATE credentials SET data = $4, used = $5, label = $6, version = version + 1
			WHERE kind = $1 AND id = $2 AND version = $3 AND (expires = 0 OR expires > $7)`,
			c.Kind, c.ID, c.Version, data(c.Data), micros(c.Used), free(c.Label), s.now())
		if err := atLeastOne(res, err, store.ErrStale); err != store.ErrStale {
			return err
		}
		if _, err := s.credential(ctx, tx, c.Kind, c.ID); err != nil {
			return err // not there at all
		}
		return store.ErrStale
	})
}

// Credential returns the one with that kind and id.
func (s *Store) Credential(ctx context.Context, kind, id string) (c store.Credential, err error) {
	if !storable(kind) || !storable(id) {
		return c, store.ErrNotFound
	}
	err = s.read(ctx, "reading a credential", func(ctx context.Context, q querier) error {
		c, err = s.credential(ctx, q, kind, id)
		return err
	})
	if err != nil {
		return store.Credential{}, err
	}
	return c, nil
}

func (s *Store) credential(ctx context.Context, q querier, kind, id string) (store.Credential, error) {
	return scanCredential(q.QueryRowContext(ctx, `SELECT `+credentialColumns+` FROM credentials
		WHERE kind = $1 AND id = $2 AND (expires = 0 OR expires > $3)`, kind, id, s.now()))
}

// CredentialsOf returns those of one owner and kind, oldest first; of every kind if kind is empty.
func (s *Store) CredentialsOf(ctx context.Context, owner, kind string) (creds []store.Credential, err error) {
	if !storable(owner) || !storable(kind) {
		return nil, nil
	}
	err = s.read(ctx, "reading credentials", func(ctx context.Context, q querier) error {
		creds = nil
		rows, err := q.QueryContext(ctx, `SELECT `+credentialColumns+` FROM credentials
			WHERE owner = $1 AND (kind = $2 OR $2 = '') AND (expires = 0 OR expires > $3) ORDER BY created, kind, id`,
			owner, kind, s.now())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			c, err := scanCredential(rows)
			if err != nil {
				return err
			}
			creds = append(creds, c)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return creds, nil
}

// DeleteCredential removes one, and tells the outbox and the feed of its owner.
func (s *Store) DeleteCredential(ctx context.Context, kind, id string) error {
	if !storable(kind) || !storable(id) {
		return store.ErrNotFound
	}
	expired := false
	err := s.write(ctx, "deleting a credential", func(ctx context.Context, tx querier) error {
		var (
			owner   string
			expires int64
		)
		err := tx.QueryRowContext(ctx, `DELETE FROM credentials WHERE kind = $1 AND id = $2 RETURNING owner, expires`,
			kind, id).Scan(&owner, &expires)
		if err != nil {
			return err
		}
		expired = expires != 0 && expires <= s.now()
		return s.tellChange(ctx, tx, owner)
	})
	if err != nil {
		return err
	}
	s.told()
	if expired { // it is gone now, but for everyone else it was gone before
		return fmt.Errorf("deleting a credential: %w", store.ErrNotFound)
	}
	return nil
}
