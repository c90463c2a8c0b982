package sql

import (
	"context"
	stdsql "database/sql"
	"errors"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Session returns the session whose secret was shown and whom it speaks for: in one query, until it changes its secret.
func (e *embedded) Session(ctx context.Context, key store.Key) (store.ActiveSession, error) {
	const name = "reading a session"
	l, err := e.look(ctx, name, key)
	if err != nil || l.Session.Key == key && l.Session.SecretSince.IsZero() {
		return l, err
	}
	shown, retired, err := e.secret(ctx, name, key)
	if err == nil && shown == 0 && retired == 0 {
		// Another request that shows it at the same time finds it shown, or another of those offered, and this one retired.
		if err = e.promote(ctx, name, l.Session.ID, key); err == nil {
			if l, err = e.look(ctx, name, key); err == nil {
				l.Session.Promoted = true
				_, retired, err = e.secret(ctx, name, key)
			}
		}
	}
	switch {
	case errors.Is(err, store.ErrNotFound) && l.Session.Key == key:
		// The family has ended since it was read, or a gateway of the version before has put a proof on it, which knows
		// nothing of secrets. The one of a key is never forgotten while its session lives under it.
		return e.look(ctx, name, key)
	case err != nil:
		return store.ActiveSession{}, err
	case retired == 0:
		return l, nil
	}
	if l.Session.Until = timeOf(retired).Add(store.ReplayGrace); timeOf(e.s.now()).Before(l.Session.Until) {
		return l, nil
	}
	// Of all who show a copy, the one that ends the family tells of it.
	if err := e.EndSession(ctx, l.Session.UserID, l.Session.RootID()); err != nil {
		return store.ActiveSession{}, err
	}
	return store.ActiveSession{}, &store.ReplayedError{Session: l}
}

// PeekSession returns the session that key is any secret of.
func (e *embedded) PeekSession(ctx context.Context, key store.Key) (store.ActiveSession, error) {
	return e.look(ctx, "reading a session", key)
}

func (e *embedded) look(ctx context.Context, name string, key store.Key) (l store.ActiveSession, err error) {
	err = e.read(ctx, name, func(ctx context.Context, q querier) (err error) {
		l, err = scanLive(q.QueryRowContext(ctx, selectLive+`s.key = $2`, e.s.now(), key[:]))
		if errors.Is(err, stdsql.ErrNoRows) {
			l, err = scanLive(q.QueryRowContext(ctx, selectLive+`s.id = (SELECT session FROM session_secrets WHERE key = $2)`,
				e.s.now(), key[:]))
		}
		return err
	})
	return l, err
}

func (e *embedded) secret(ctx context.Context, name string, key store.Key) (shown, retired int64, err error) {
	err = e.read(ctx, name, func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, `SELECT shown, retired FROM session_secrets WHERE key = $1`, key[:]).Scan(&shown, &retired)
	})
	return shown, retired, err
}

// promote makes key the present secret of a session, and all others old ones.
func (e *embedded) promote(ctx context.Context, name, id string, key store.Key) error {
	return e.change(ctx, name, func(ctx context.Context, tx querier) (userID string, err error) {
		now := e.s.now()
		err = tx.QueryRowContext(ctx, `SELECT f.user_id FROM sessions s JOIN sign_ins f ON f.id = s.sign_in
			WHERE `+lives+` AND s.id = $2`+ofFamily(e.s.d.update()), now, id).Scan(&userID)
		if err != nil {
			return "", err
		}
		res, err := tx.ExecContext(ctx, `UPDATE session_secrets SET shown = $3
			WHERE key = $1 AND session = $2 AND shown = 0 AND retired = 0`, key[:], id, now)
		if err != nil {
			return "", err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return "", err // another was first
		}
		if _, err = tx.ExecContext(ctx, `UPDATE session_secrets SET retired = $3
			WHERE session = $2 AND key <> $1 AND retired = 0`, key[:], id, now); err != nil {
			return "", err
		}
		_, err = tx.ExecContext(ctx, `UPDATE sessions SET secret_since = $2, offered = 0 WHERE id = $1`, id, now)
		return userID, err
	})
}

// OfferSecret adds a secret to a session. The one of its key is written down with the first, so that it can grow old.
func (e *embedded) OfferSecret(ctx context.Context, userID string, key, next store.Key) error {
	if !storable(userID) {
		return store.ErrNotFound
	}
	return e.write(ctx, "offering a secret", func(ctx context.Context, tx querier) error {
		now := e.s.now()
		var id string
		var since, offered int64
		// Held first and read then: on PostgreSQL the row that was waited for is read as it was before.
		err := tx.QueryRowContext(ctx, `SELECT f.id FROM sessions s JOIN sign_ins f ON f.id = s.sign_in
			WHERE `+lives+` AND s.key = $2 AND f.user_id = $3`+ofFamily(e.s.d.update()), now, key[:], userID).Scan(&id)
		if err != nil {
			return err
		}
		err = tx.QueryRowContext(ctx, `SELECT id, secret_since, offered FROM sessions WHERE key = $1`, key[:]).
			Scan(&id, &since, &offered)
		if err != nil {
			return err
		}
		s := store.Session{SecretSince: timeOf(since), Offered: timeOf(offered)}
		if !s.MayOffer(timeOf(now)) {
			return store.ErrStale
		}
		if _, err = tx.ExecContext(ctx, `INSERT INTO session_secrets (key, session, offered, shown, retired)
			VALUES ($1, $2, 0, $3, 0) ON CONFLICT (key) DO NOTHING`, key[:], id, now); err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `INSERT INTO session_secrets (key, session, offered, shown, retired)
			VALUES ($1, $2, $3, 0, 0)`, next[:], id, now); err != nil {
			return e.refused(err)
		}
		if _, err = tx.ExecContext(ctx, `DELETE FROM session_secrets WHERE key IN (SELECT key FROM session_secrets
			WHERE session = $1 AND key <> $3 AND NOT (shown > 0 AND retired = 0) ORDER BY offered DESC LIMIT 1000 OFFSET $2)`,
			id, store.MaxSecrets-1, key[:]); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE sessions SET offered = $2 WHERE id = $1`, id, now)
		return err
	})
}
