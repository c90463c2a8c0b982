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

// ListUsers returns a page of accounts. In the order of creation a page after an account that was deleted meanwhile
// goes on where it stood, even if only its id is given; after one that never was, ErrNotFound.
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

const allUsers = ` FROM users u`

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

// selection says which accounts are meant. A text that few accounts have is found by its index, where the database has
// one.
func (s *Store) selection(ctx context.Context, db querier, q store.UserQuery) (*listing, error) {
	b := &listing{from: allUsers}
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
		if err := b.role(ctx, db, q.Role); err != nil {
			return nil, err
		}
	}
	// In words that the index of those who wait can be recognised by, which it could not by a value.
	b.is(`u.enabled`, q.Enabled)
	b.is(`u.approved`, q.Approved)
	if q.Confirmed != nil {
		b.where = append(b.where, `u.email <> '' AND u.confirmed = `+b.arg(*q.Confirmed))
	}
	if q.Invited != nil {
		b.where = append(b.where, `(u.invited > 0) = `+b.arg(*q.Invited))
	}
	if q.MustChangePassword != nil {
		b.where = append(b.where, `u.password_due = `+b.arg(*q.MustChangePassword))
	}
	return b, nil
}

func (b *listing) is(column string, want *bool) {
	switch {
	case want == nil:
	case *want:
		b.where = append(b.where, column)
	default:
		b.where = append(b.where, `NOT `+column)
	}
}

// fewHolders is up to how many accounts a role is found from its holders, who are put in order afterwards.
const fewHolders = 1000

// role selects the holders of a role. Few of them are found by the index of roles; where there are many, a page is soon
// full when accounts are read in order.
func (b *listing) role(ctx context.Context, db querier, role string) error {
	many := b.from != allUsers // found by a text already
	if !many {
		var n int
		err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM user_roles WHERE role = $1 LIMIT $2) AS holders`, role, fewHolders+1).Scan(&n)
		if err != nil {
			return err
		}
		many = n > fewHolders
	}
	holder := `r.role = ` + b.arg(role)
	if many {
		b.where = append(b.where, `EXISTS (SELECT 1 FROM user_roles r WHERE `+holder+` AND r.user_id = u.id)`)
		return nil
	}
	// CROSS JOIN: in this order, whatever the planner thinks.
	b.from, b.scan = ` FROM user_roles r CROSS JOIN users u`, false
	b.where = append(b.where, holder, `u.id = r.user_id`)
	return nil
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

// walked is how many accounts are read in order for a page of those that have a text. In order every account is found
// by itself, some ten times as dear as one after the other as they lie in the table: a text that many have fills its
// page within these; for any other the whole table is read once, and only what has the text is put in order.
const walked = 2000

// list reads a page. place is what lies behind the page before, or empty.
func (b *listing) list(ctx context.Context, db querier, q store.UserQuery, order userOrder, place string) ([]store.User, error) {
	if !b.scan {
		return readUsers(ctx, db, b.page(q, order, place), b.args)
	}
	behind := ``
	if place != "" {
		behind = ` WHERE ` + place
	}
	// A LIMIT of a subquery is a fence in both databases: what stands outside is not looked at before what stands inside.
	ordered, limit := order.clause(q), pageSize(q)
	count := b.arg(limit)
	users, err := readUsers(ctx, db, listedColumns+` FROM (SELECT * FROM users u`+behind+ordered+strconv.Itoa(walked)+`) u`+b.clause()+ordered+count, b.args)
	if err != nil || len(users) == limit {
		return users, err
	}
	const all = ` LIMIT 9223372036854775807`
	return readUsers(ctx, db, listedColumns+` FROM (SELECT * FROM users u`+b.clause()+all+`) u`+behind+ordered+count, b.args)
}

// page is the query of a page to which an index leads.
func (b *listing) page(q store.UserQuery, order userOrder, place string) string {
	if place != "" {
		b.where = append(b.where, place)
	}
	return listedColumns + b.from + b.clause() + order.clause(q) + b.arg(pageSize(q))
}

var listedColumns = `SELECT u.` + strings.Join(strings.Fields(userColumns), ` u.`)

func pageSize(q store.UserQuery) int {
	if q.Limit <= 0 {
		return pageOfUsers
	}
	return min(q.Limit, maxPageOfUsers)
}

// clause puts accounts in order, up to a number that follows it.
func (o userOrder) clause(q store.UserQuery) string {
	dir := ``
	if q.Desc {
		dir = ` DESC`
	}
	return ` ORDER BY ` + o.column + dir + `, u.id` + dir + ` LIMIT `
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
