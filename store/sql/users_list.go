package sql

import (
	"context"
	"strconv"
	"strings"

	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	pageOfUsers    = 100
	maxPageOfUsers = 1000
)

// ListUsers returns a page of accounts in the order of their creation. A page after an account that was deleted
// meanwhile goes on where it stood; after one that never was, ErrNotFound.
//
// Text is looked for within the fields, so no index helps: the accounts are read in order until the page is full. At
// 100,000 accounts that is about a tenth of a second for a text that nobody has, and well below a millisecond without one.
func (s *Store) ListUsers(ctx context.Context, q store.UserQuery) (users []store.User, err error) {
	if !storable(q.Text) || !storable(q.Role) {
		return nil, nil
	}
	err = s.read(ctx, "listing users", func(ctx context.Context, db querier) error {
		users = nil
		query, args, err := listQuery(ctx, db, q)
		if err != nil {
			return err
		}
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			u, err := scanUser(rows)
			if err != nil {
				return err
			}
			users = append(users, u)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return users, nil
}

func listQuery(ctx context.Context, db querier, q store.UserQuery) (query string, args []any, err error) {
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	from := `SELECT ` + userColumns + ` FROM users u`
	var where []string
	if q.Role != "" {
		where = append(where, `EXISTS (SELECT 1 FROM user_roles r WHERE r.role = `+arg(q.Role)+` AND r.user_id = u.id)`)
	}
	if q.Text != "" {
		where = append(where, `REPLACE(u.search, `+arg(strings.ToLower(q.Text))+`, '') <> u.search`)
	}
	if q.After != "" {
		created, err := createdOf(ctx, db, q.After)
		if err != nil {
			return "", nil, err
		}
		where = append(where, `(u.created, u.id) > (`+arg(created)+`, `+arg(q.After)+`)`)
	}
	if len(where) > 0 {
		from += ` WHERE ` + strings.Join(where, ` AND `)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = pageOfUsers
	}
	return from + ` ORDER BY u.created, u.id LIMIT ` + arg(min(limit, maxPageOfUsers)), args, nil
}

// createdOf returns when an account was made, whether it still exists or not.
func createdOf(ctx context.Context, db querier, id string) (created int64, err error) {
	if !storable(id) {
		return 0, store.ErrNotFound
	}
	err = db.QueryRowContext(ctx, `SELECT created FROM users WHERE id = $1
		UNION ALL SELECT created FROM retired_usernames WHERE user_id = $1 LIMIT 1`, id).Scan(&created)
	return created, err
}
