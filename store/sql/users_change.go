package sql

import (
	"context"
	"fmt"
	"slices"

	"github.com/gatehouse-auth/gatehouse/store"
)

// administrator is the role whose last active holder stays.
const administrator = "admin"

// administers tells whether u can administer: holds the role, and can sign in to use it.
func administers(u store.User) bool {
	return u.Enabled && u.Approved && slices.Contains(u.Roles, administrator)
}

// UpdateUser replaces what is stored of u.ID if its Version is still u.Version.
func (s *Store) UpdateUser(ctx context.Context, u store.User) (store.User, error) {
	const name = "changing a user"
	if !storable(u.ID) {
		return store.User{}, store.ErrNotFound
	}
	u.Name = free(u.Name)
	roles, err := rolesText(u.Roles)
	if err != nil {
		return store.User{}, fmt.Errorf("%s: %w", name, err)
	}
	given, err := rolesText(u.GivenRoles)
	if err != nil {
		return store.User{}, fmt.Errorf("%s: %w", name, err)
	}
	attributes, err := attributesText(u.Attributes)
	if err != nil {
		return store.User{}, fmt.Errorf("%s: %w", name, err)
	}
	var changed store.User
	err = s.write(ctx, name, func(ctx context.Context, tx querier) error {
		was, err := s.held(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		if was.Version != u.Version {
			return store.ErrStale
		}
		if administers(was) && !administers(u) {
			if err := s.keepAdministrator(ctx, tx, u.ID); err != nil {
				return err
			}
		}
		changed, err = scanUser(tx.QueryRowContext(ctx, `UPDATE users SET username = $2, email = $3, confirmed = $4,
			name = $5, roles = $6, attributes = $7, enabled = $8, approved = $9, search = $10, invited = $11, password_due = $12,
			given_roles = $13, version = version + 1
			WHERE id = $1 RETURNING `+userColumns, u.ID, u.Username, u.Email, u.Confirmed, u.Name, roles, attributes,
			u.Enabled, u.Approved, searchText(u), micros(u.Invited), u.PasswordDue, given))
		if err != nil {
			return s.taken(err)
		}
		if was.Username != u.Username {
			if err := s.rename(ctx, tx, was, u.Username); err != nil {
				return err
			}
		}
		if !slices.Equal(was.Roles, u.Roles) {
			if _, err := tx.ExecContext(ctx, `DELETE FROM user_roles WHERE user_id = $1`, u.ID); err != nil {
				return err
			}
			if err := writeRoles(ctx, tx, u); err != nil {
				return err
			}
		}
		if id := u.Identity(); !id.Active {
			// In the same step, so that enabling the account again brings no session back.
			if _, err := tx.ExecContext(ctx, `DELETE FROM sign_ins WHERE user_id = $1`, u.ID); err != nil {
				return err
			}
		}
		return s.tellChange(ctx, tx, u.ID)
	})
	if err != nil {
		return store.User{}, s.addressFirst(ctx, u, err)
	}
	s.told()
	return changed, nil
}

// DeleteUser removes the account, and with it credentials and embedded sessions, and retires its username.
func (s *Store) DeleteUser(ctx context.Context, id string) error {
	if !storable(id) {
		return store.ErrNotFound
	}
	err := s.write(ctx, "deleting a user", func(ctx context.Context, tx querier) error {
		was, err := s.held(ctx, tx, id)
		if err != nil {
			return err
		}
		if administers(was) {
			if err := s.keepAdministrator(ctx, tx, id); err != nil {
				return err
			}
		}
		if err := s.retire(ctx, tx, was); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM users WHERE id = $1`, id); err != nil {
			return err
		}
		return s.tellChange(ctx, tx, id)
	})
	if err == nil {
		s.told()
	}
	return err
}

// held reads a user and keeps others from changing it until the transaction ends.
func (s *Store) held(ctx context.Context, tx querier, id string) (store.User, error) {
	return scanUser(tx.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users WHERE id = $1`+s.d.update(), id))
}

// keepAdministrator refuses to go on if nobody but id can administer. Two who demote one another at the same moment would
// each see the other still in office; so they wait here for one another.
func (s *Store) keepAdministrator(ctx context.Context, tx querier, id string) error {
	if err := s.d.holdAdministrators(ctx, tx); err != nil {
		return err
	}
	var others bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM user_roles r JOIN users u ON u.id = r.user_id
		WHERE r.role = $1 AND u.id <> $2 AND u.enabled AND u.approved)`, administrator, id).Scan(&others)
	if err == nil && !others {
		return store.ErrLastAdministrator
	}
	return err
}

func (s *Store) rename(ctx context.Context, tx querier, was store.User, username string) error {
	if err := refuseRetired(ctx, tx, username, was.ID); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM retired_usernames WHERE username = $1`, username); err != nil {
		return err
	}
	return s.retire(ctx, tx, was)
}

func (s *Store) retire(ctx context.Context, tx querier, was store.User) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO retired_usernames (username, user_id, created, retired)
		VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, was.Username, was.ID, micros(was.Created), s.now())
	return err
}
