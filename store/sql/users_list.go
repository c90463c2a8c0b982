package sql

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	pageOfUsers    = 100
	maxPageOfUsers = 1000
)

// userOrder is how accounts are put in order: by a column or expression that has an index, with ids behind it.
type userOrder struct {
	column string // of users u
	value  string // what a value is compared as, around its placeholder
	number bool   // the value is a time in microseconds
}

var userOrders = map[store.UserSort]userOrder{
	store.SortCreated:    {column: "u.created", value: "%s", number: true},
	store.SortUsername:   {column: "u.username", value: "%s"},
	store.SortEmail:      {column: "u.email", value: "%s"},
	store.SortName:       {column: "LOWER(u.name)", value: "LOWER(%s)"},
	store.SortLastSignIn: {column: "u.last_sign_in", value: "%s", number: true},
}

// ListUsers returns a page of accounts. In the order of creation a page after an account that was deleted meanwhile goes
// on where it stood, even if only its id is given; after one that never was, ErrNotFound.
func (s *Store) ListUsers(ctx context.Context, q store.UserQuery) (users []store.User, err error) {
	order, known := userOrders[q.Sort]
	if !known {
		return nil, fmt.Errorf("listing users: no order is called %q", q.Sort)
	}
	if !storable(q.Text) || !storable(q.Role) {
		return nil, nil
	}
	if !storable(q.After) {
		return nil, fmt.Errorf("listing users: %w", store.ErrNotFound)
	}
	err = s.read(ctx, "listing users", func(ctx context.Context, db querier) error {
		b, err := s.selection(ctx, db, q)
		if err != nil {
			return err
		}
		place, err := b.after(ctx, db, q, order)
		if err != nil {
			return err
		}
		users, err = b.list(ctx, db, q, order, place)
		return err
	})
	if err != nil {
		return nil, err
	}
	return users, nil
}

// CountUsers returns how many accounts q selects, at most limit.
func (s *Store) CountUsers(ctx context.Context, q store.UserQuery, limit int) (n int, err error) {
	if !storable(q.Text) || !storable(q.Role) {
		return 0, nil
	}
	err = s.read(ctx, "counting users", func(ctx context.Context, db querier) error {
		b, err := s.selection(ctx, db, q)
		if err != nil {
			return err
		}
		if limit <= 0 {
			return db.QueryRowContext(ctx, `SELECT COUNT(*)`+b.from+b.clause(), b.args...).Scan(&n)
		}
		return db.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1`+b.from+b.clause()+` LIMIT `+b.arg(limit)+`) AS selected`,
			b.args...).Scan(&n)
	})
	return n, err
}

// listing is a query that is being put together.
type listing struct {
	from  string
	where []string
	args  []any
	scan  bool // no index leads to what is looked for
}

func (b *listing) arg(v any) string {
	b.args = append(b.args, v)
	return "$" + strconv.Itoa(len(b.args))
}

func (b *listing) clause() string {
	if len(b.where) == 0 {
		return ""
	}
	return ` WHERE ` + strings.Join(b.where, ` AND `)
}

// selection says which accounts are meant. A text that few accounts have is found by its index, where the database has one.
func (s *Store) selection(ctx context.Context, db querier, q store.UserQuery) (*listing, error) {
	b := &listing{from: ` FROM users u`}
	if q.Text != "" {
		text := strings.ToLower(q.Text)
		from, match, err := s.d.rare(ctx, db, text)
		if err != nil {
			return nil, err
		}
		if from != "" {
			b.from = ` FROM ` + from
			b.where = append(b.where, match+b.arg(quoted(text)))
		}
		b.scan = from == ""
		b.where = append(b.where, `REPLACE(u.search, `+b.arg(text)+`, '') <> u.search`)
	}
	if q.Role != "" {
		b.where = append(b.where, `EXISTS (SELECT 1 FROM user_roles r WHERE r.role = `+b.arg(q.Role)+` AND r.user_id = u.id)`)
	}
	if q.Enabled != nil {
		b.where = append(b.where, `u.enabled = `+b.arg(*q.Enabled))
	}
	if q.Approved != nil {
		b.where = append(b.where, `u.approved = `+b.arg(*q.Approved))
	}
	return b, nil
}

// after says what lies behind the last account of the page before: a condition, or nothing.
func (b *listing) after(ctx context.Context, db querier, q store.UserQuery, order userOrder) (place string, err error) {
	if q.After == "" {
		return "", nil
	}
	id, text, given := strings.Cut(q.After, ":")
	var value any = text
	switch {
	case q.Sort == store.SortCreated:
		created, err := createdOf(ctx, db, id)
		if err != nil {
			return "", err
		}
		value = created
	case !given && order.number:
		var n int64
		if err := db.QueryRowContext(ctx, `SELECT `+order.column+` FROM users u WHERE u.id = $1`, id).Scan(&n); err != nil {
			return "", err
		}
		value = n
	case !given:
		if err := db.QueryRowContext(ctx, `SELECT `+order.column+` FROM users u WHERE u.id = $1`, id).Scan(&text); err != nil {
			return "", err
		}
		value = text
	case order.number:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return "", store.ErrNotFound
		}
		value = n
	}
	than := `>`
	if q.Desc {
		than = `<`
	}
	return `(` + order.column + `, u.id) ` + than + ` (` + fmt.Sprintf(order.value, b.arg(value)) + `, ` + b.arg(id) + `)`, nil
}

// walked is how many accounts are read in order for a page of those that have a text. In order every account is found by
// itself, some ten times as dear as one after the other as they lie in the table: a text that many have fills its page within
// these; for any other the whole table is read once, and only what has the text is put in order.
const walked = 2000

// list reads a page.
func (b *listing) list(ctx context.Context, db querier, q store.UserQuery, order userOrder, place string) ([]store.User, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = pageOfUsers
	}
	limit = min(limit, maxPageOfUsers)
	dir := ``
	if q.Desc {
		dir = ` DESC`
	}
	ordered := ` ORDER BY ` + order.column + dir + `, u.id` + dir + ` LIMIT `
	columns := `SELECT u.` + strings.Join(strings.Fields(userColumns), ` u.`)
	if !b.scan {
		if place != "" {
			b.where = append(b.where, place)
		}
		return readUsers(ctx, db, columns+b.from+b.clause()+ordered+b.arg(limit), b.args)
	}
	behind := ``
	if place != "" {
		behind = ` WHERE ` + place
	}
	// A LIMIT of a subquery is a fence in both databases: what stands outside is not looked at before what stands inside.
	count := b.arg(limit)
	users, err := readUsers(ctx, db, columns+` FROM (SELECT * FROM users u`+behind+ordered+strconv.Itoa(walked)+`) u`+b.clause()+ordered+count, b.args)
	if err != nil || len(users) == limit {
		return users, err
	}
	const all = ` LIMIT 9223372036854775807`
	return readUsers(ctx, db, columns+` FROM (SELECT * FROM users u`+b.clause()+all+`) u`+behind+ordered+count, b.args)
}

func readUsers(ctx context.Context, db querier, query string, args []any) (users []store.User, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		u, err := scanUser(rows)
		if err != nil {
			return nil, err
		}
		users = append(users, u)
	}
	return users, rows.Err()
}

// quoted makes a text one phrase of a full-text query.
func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }

// createdOf returns when an account was made, whether it still exists or not.
func createdOf(ctx context.Context, db querier, id string) (created int64, err error) {
	err = db.QueryRowContext(ctx, `SELECT created FROM users WHERE id = $1
		UNION ALL SELECT created FROM retired_usernames WHERE user_id = $1 LIMIT 1`, id).Scan(&created)
	return created, err
}
