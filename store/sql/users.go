package sql

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// userColumns are what scanUser reads.
const userColumns = `id, username, email, confirmed, name, roles, attributes, enabled, approved, created, last_sign_in,
	invited, password_due, given_roles, version`

type scanner interface{ Scan(dest ...any) error }

func scanUser(row scanner, more ...any) (store.User, error) {
	var (
		u                   store.User
		roles, attributes   string
		given               string
		created, lastSignIn int64
		invited             int64
	)
	dest := append([]any{&u.ID, &u.Username, &u.Email, &u.Confirmed, &u.Name, &roles, &attributes, &u.Enabled, &u.Approved,
		&created, &lastSignIn, &invited, &u.PasswordDue, &given, &u.Version}, more...)
	if err := row.Scan(dest...); err != nil {
		return store.User{}, err
	}
	var err error
	if u.Roles, u.Attributes, err = decodeRights(roles, attributes); err != nil {
		return store.User{}, fmt.Errorf("user %s: %w", u.ID, err)
	}
	if u.GivenRoles, err = decodeRoles(given); err != nil {
		return store.User{}, fmt.Errorf("user %s: %w", u.ID, err)
	}
	u.Created, u.LastSignIn, u.Invited = timeOf(created), timeOf(lastSignIn), timeOf(invited)
	return u, nil
}

// searchText is what ListUsers looks through. Lines part the fields, so that no match spans two of them.
func searchText(u store.User) string {
	return strings.ToLower(u.Email + "\n" + u.Username + "\n" + u.Name)
}

// CreateUser stores u with its credentials, or nothing at all.
func (s *Store) CreateUser(ctx context.Context, u store.User, creds ...store.Credential) error {
	const name = "creating a user"
	u.Name = free(u.Name)
	roles, err := rolesText(u.Roles)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	given, err := rolesText(u.GivenRoles)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	attributes, err := attributesText(u.Attributes)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	err = s.write(ctx, name, func(ctx context.Context, tx querier) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO users (id, username, email, confirmed, name, roles, attributes, enabled,
			approved, created, last_sign_in, invited, password_due, version, search, given_roles)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,1,$14,$15)`,
			u.ID, u.Username, u.Email, u.Confirmed, u.Name, roles, attributes, u.Enabled, u.Approved, micros(u.Created),
			micros(u.LastSignIn), micros(u.Invited), u.PasswordDue, searchText(u), given)
		if err != nil {
			return s.taken(err)
		}
		// After the insert: whoever deletes the last owner of the username is through by now, or waits for us.
		if err := refuseRetired(ctx, tx, u.Username, u.ID); err != nil {
			return err
		}
		if err := writeRoles(ctx, tx, u); err != nil {
			return err
		}
		for _, c := range creds {
			c.Owner = u.ID
			if err := s.putCredential(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
	return s.addressFirst(ctx, u, err)
}

// addressFirst names the address where both address and username belong to someone else. Databases name whichever index
// they looked at first, and callers answer the one otherwise than the other.
func (s *Store) addressFirst(ctx context.Context, u store.User, err error) error {
	var taken *store.TakenError
	if !errors.As(err, &taken) || taken.Field != "username" || u.Email == "" {
		return err
	}
	other, findErr := s.FindUser(ctx, u.Email)
	if findErr == nil && other.Email == u.Email && other.ID != u.ID {
		return fmt.Errorf("storing a user: %w", &store.TakenError{Field: "email"})
	}
	return err
}

// taken translates a broken unique constraint of users.
func (s *Store) taken(err error) error {
	unique, _ := s.d.broken(err)
	switch {
	case strings.Contains(unique, "email"):
		return &store.TakenError{Field: "email"}
	case strings.Contains(unique, "username"):
		return &store.TakenError{Field: "username"}
	case unique != "":
		return store.ErrTaken
	}
	return err
}

// refuseRetired refuses a username that another account had and gave up: an upstream may still keep its owner's data
// under that name. An account may take its own former name back.
func refuseRetired(ctx context.Context, tx querier, username, id string) error {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM retired_usernames WHERE username = $1 AND user_id <> $2`,
		username, id).Scan(&n)
	if err == nil && n > 0 {
		return &store.TakenError{Field: "username"}
	}
	return err
}

func writeRoles(ctx context.Context, tx querier, u store.User) error {
	for _, role := range u.Roles {
		_, err := tx.ExecContext(ctx, `INSERT INTO user_roles (role, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
			role, u.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

// User returns the account with that id.
func (s *Store) User(ctx context.Context, id string) (u store.User, err error) {
	if !storable(id) {
		return u, store.ErrNotFound
	}
	err = s.read(ctx, "reading a user", func(ctx context.Context, q querier) (err error) {
		u, err = scanUser(q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users WHERE id = $1`, id))
		return err
	})
	return u, err
}

// FindUser returns the account whose address or username is login.
func (s *Store) FindUser(ctx context.Context, login string) (u store.User, err error) {
	if login == "" || !storable(login) {
		return u, store.ErrNotFound
	}
	err = s.read(ctx, "finding a user", func(ctx context.Context, q querier) (err error) {
		var rank int
		u, err = scanUser(q.QueryRowContext(ctx, `SELECT `+userColumns+`, 1 AS rank FROM users
				WHERE email = $1 AND email <> ''
			UNION ALL SELECT `+userColumns+`, 2 AS rank FROM users WHERE username = $1
			ORDER BY rank LIMIT 1`, login), &rank)
		return err
	})
	return u, err
}

// SignedIn records the time of a sign-in; an earlier one than is known changes nothing.
func (s *Store) SignedIn(ctx context.Context, id string, at time.Time) error {
	if !storable(id) {
		return store.ErrNotFound
	}
	return s.writeAlone(ctx, "recording a sign-in", func(ctx context.Context, q querier) error {
		res, err := q.ExecContext(ctx, `UPDATE users SET last_sign_in =
			CASE WHEN last_sign_in < $2 THEN $2 ELSE last_sign_in END WHERE id = $1`, id, micros(at))
		return atLeastOne(res, err, store.ErrNotFound)
	})
}

// atLeastOne returns otherwise if a statement changed no row.
func atLeastOne(res stdsql.Result, err, otherwise error) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		return otherwise
	}
	return err
}
