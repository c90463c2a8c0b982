package sql

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/store"
)

// A page of accounts that have a text is full and in order, wherever in the order they stand: within what is read in
// order, behind it, or on both sides.
func TestASearchFindsWhatStandsFarBehindInTheOrder(t *testing.T) {
	const n = walked + 500
	has := func(i int) bool { return i%100 == 7 || i > walked+100 && i%10 == 3 }
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			s := d.fresh(t).opened(t, nil)
			for first := 0; first < n; first += 250 {
				fill(t, s, first, min(first+250, n), n, has)
			}
			for _, q := range []store.UserQuery{{Sort: store.SortUsername}, {Sort: store.SortUsername, Desc: true}, {Sort: store.SortCreated}} {
				q.Text, q.Limit = "XY", 17
				var want, got []string
				for i := range n {
					if q.Desc || q.Sort == store.SortCreated {
						i = n - 1 - i
					}
					if has(i) {
						want = append(want, fmt.Sprintf("p%05d", i))
					}
				}
				for page := 0; page == 0 || len(got)%q.Limit == 0 && len(got) == page*q.Limit; page++ {
					users, err := s.ListUsers(t.Context(), q)
					if err != nil {
						t.Fatal(err)
					}
					for _, u := range users {
						got = append(got, u.Username)
						q.After = q.Next(u)
					}
				}
				if strings.Join(got, " ") != strings.Join(want, " ") {
					t.Errorf("%+v: %d accounts, want %d in order:\n%s", q, len(got), len(want), strings.Join(got, " "))
				}
			}
		})
	}
}

// fill makes some of n accounts in one step; the first is the youngest.
func fill(t *testing.T, s *Store, from, to, n int, has func(int) bool) {
	t.Helper()
	err := s.write(t.Context(), "filling", func(ctx context.Context, tx querier) error {
		for i := from; i < to; i++ {
			name := fmt.Sprintf("p%05d", i)
			text := name
			if has(i) {
				text += "\nxy"
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO users (id, username, email, confirmed, name, roles, attributes, enabled,
				approved, created, last_sign_in, version, search) VALUES ($1,$2,$3,$4,'','[]','{}',$5,$6,$7,0,1,$8)`,
				name, name, name+"@example.com", true, true, true, int64(n-i), text)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
