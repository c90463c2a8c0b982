package sql

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// selectLive reads a session (s) with its family (f) and its account (u) in one query; a condition follows. $1 is the
// time. What is over, and what speaks for nobody, is not there.
const selectLive = `SELECT s.key, s.id, s.sign_in, s.host, s.created, s.secret_since, s.offered, f.user_id, f.last_seen, f.idle, f.expires, f.proofs,
		f.address, f.device, f.remembered, u.version, u.username, u.email, u.confirmed, u.name, u.roles, u.given_roles, u.attributes
	FROM sessions s JOIN sign_ins f ON f.id = s.sign_in JOIN users u ON u.id = f.user_id
	WHERE ` + lives + ` AND u.enabled AND u.approved AND NOT u.password_due AND `

// lives is the opposite of [store.Session].Expired, at $1.
const lives = `f.expires > $1 AND (f.idle = 0 OR f.last_seen + f.idle > $1)`

func scanLive(row scanner) (l store.Live, err error) {
	var (
		s                                = &l.Session
		id                               = &l.Identity
		key                              []byte
		created, lastSeen, idle, expires int64
		since, offered                   int64
		proofs, roles, given, attributes string
		confirmed                        bool
	)
	err = row.Scan(&key, &s.ID, &s.Parent, &s.Host, &created, &since, &offered, &s.UserID, &lastSeen, &idle, &expires, &proofs, &s.Address,
		&s.Device, &s.Remembered, &id.Version, &id.Username, &id.Email, &confirmed, &id.Name, &roles, &given, &attributes)
	if err != nil {
		return store.Live{}, err
	}
	if len(key) != len(s.Key) {
		return store.Live{}, fmt.Errorf("the key of session %s has %d bytes", s.ID, len(key))
	}
	copy(s.Key[:], key)
	if s.Parent == s.ID {
		s.Parent = ""
	}
	s.Created, s.LastSeen, s.Expires = timeOf(created), timeOf(lastSeen), timeOf(expires)
	s.SecretSince, s.Offered = timeOf(since), timeOf(offered)
	s.Idle = time.Duration(idle) * time.Microsecond
	if s.Proofs, err = decodeProofs(proofs); err != nil {
		return store.Live{}, fmt.Errorf("session %s: %w", s.ID, err)
	}
	if id.Roles, id.Attributes, err = decodeRights(roles, attributes); err != nil {
		return store.Live{}, fmt.Errorf("user %s: %w", s.UserID, err)
	}
	if given != "[]" {
		u := store.User{Roles: id.Roles}
		if u.GivenRoles, err = decodeRoles(given); err != nil {
			return store.Live{}, fmt.Errorf("user %s: %w", s.UserID, err)
		}
		id.Roles = u.InForce()
	}
	id.UserID, id.Active = s.UserID, true
	if !confirmed {
		id.Email = ""
	}
	return l, nil
}

// CreateSession stores a sign-in or a child of one.
func (e *embedded) CreateSession(ctx context.Context, l *store.Live) error {
	var stored store.Live
	err := e.write(ctx, "storing a session", func(ctx context.Context, tx querier) (err error) {
		s := l.Session
		if s.Parent == "" {
			err = e.insertSignIn(ctx, tx, s)
		} else {
			err = e.findSignIn(ctx, tx, s.Parent, s.UserID)
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO sessions (key, id, sign_in, host, created) VALUES ($1, $2, $3, $4, $5)`,
			s.Key[:], s.ID, s.SignIn(), free(s.Host), micros(s.Created))
		if err != nil {
			return e.refused(err)
		}
		stored, err = scanLive(tx.QueryRowContext(ctx, selectLive+`s.key = $2`, e.s.now(), s.Key[:]))
		return err
	})
	if err == nil {
		*l = stored
	}
	return err
}

// insertSignIn holds the account while it does: one that is being disabled either sees the new sign-in, and ends it, or
// is seen here.
func (e *embedded) insertSignIn(ctx context.Context, tx querier, s store.Session) error {
	var one int
	err := tx.QueryRowContext(ctx, `SELECT 1 FROM users WHERE id = $1 AND enabled AND approved AND NOT password_due`+e.s.d.share(), s.UserID).Scan(&one)
	if err != nil {
		return err
	}
	proofs, err := proofsText(s.Proofs)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO sign_ins (id, user_id, created, last_seen, idle, expires, proofs, address,
		device, remembered) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, s.ID, s.UserID, micros(s.Created),
		micros(s.LastSeen), s.Idle.Microseconds(), micros(s.Expires), proofs, free(s.Address), free(s.Device), s.Remembered)
	return e.refused(err)
}

// findSignIn needs to hold nothing: the foreign key of the child refuses it once the sign-in is gone.
func (e *embedded) findSignIn(ctx context.Context, tx querier, id, userID string) error {
	var one int
	return tx.QueryRowContext(ctx, `SELECT 1 FROM sign_ins f WHERE `+lives+` AND f.id = $2 AND f.user_id = $3`,
		e.s.now(), id, userID).Scan(&one)
}

// refused translates broken constraints of sessions.
func (e *embedded) refused(err error) error {
	if err == nil {
		return nil
	}
	switch unique, missing := e.s.d.broken(err); {
	case missing:
		return store.ErrNotFound
	case unique != "":
		return store.ErrTaken
	}
	return err
}

// SessionByID returns the sign-in with that public id, if it belongs to userID.
func (e *embedded) SessionByID(ctx context.Context, userID, id string) (l store.Live, err error) {
	if !storable(userID) || !storable(id) {
		return l, store.ErrNotFound
	}
	err = e.read(ctx, "reading a session", func(ctx context.Context, q querier) (err error) {
		l, err = scanLive(q.QueryRowContext(ctx, selectLive+`s.id = $2 AND s.sign_in = s.id AND f.user_id = $3`,
			e.s.now(), id, userID))
		return err
	})
	return l, err
}

// SessionsOf returns the live sign-ins of a user, newest first.
func (e *embedded) SessionsOf(ctx context.Context, userID string) (sessions []store.Session, err error) {
	if !storable(userID) {
		return nil, nil
	}
	err = e.read(ctx, "listing sessions", func(ctx context.Context, q querier) error {
		sessions = nil
		rows, err := q.QueryContext(ctx, selectLive+`f.user_id = $2 AND s.id = s.sign_in ORDER BY f.created DESC, f.id DESC`,
			e.s.now(), userID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			l, err := scanLive(rows)
			if err != nil {
				return err
			}
			sessions = append(sessions, l.Session)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return sessions, nil
}

// CountSessions returns how many sign-ins live. Those that do not are few, and found by their indexes.
func (e *embedded) CountSessions(ctx context.Context) (n int, err error) {
	err = e.read(ctx, "counting sessions", func(ctx context.Context, db querier) error {
		return db.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM sign_ins) -
			(SELECT COUNT(*) FROM sign_ins WHERE expires <= $1 OR (idle > 0 AND last_seen + idle <= $1))`, e.s.now()).Scan(&n)
	})
	return n, err
}
