package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

var orders = []store.UserSort{store.SortCreated, store.SortUsername, store.SortEmail, store.SortName, store.SortLastSignIn}

// crowd makes accounts that each order puts otherwise, with equals among them.
func (p *people) crowd(n int) {
	p.Helper()
	for i := range n {
		p.clock.Advance(time.Second)
		u := p.person(fmt.Sprintf("u%02d", i*7%n))
		u.Email = fmt.Sprintf("e%02d@example.com", i*5%n)
		u.Name = []string{"anna", "Berta", "ANNA", ""}[i%4]
		if i%3 > 0 {
			u.LastSignIn = p.clock.Now().Add(-time.Duration(i*11%n) * time.Hour)
		}
		p.must(p.s.CreateUser(p.ctx(), u))
	}
}

func compare(by store.UserSort) func(a, b store.User) int {
	return func(a, b store.User) int {
		c := 0
		switch by {
		case store.SortCreated:
			c = a.Created.Compare(b.Created)
		case store.SortUsername:
			c = strings.Compare(a.Username, b.Username)
		case store.SortEmail:
			c = strings.Compare(a.Email, b.Email)
		case store.SortName:
			c = strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
		case store.SortLastSignIn:
			c = a.LastSignIn.Compare(b.LastSignIn)
		}
		if c == 0 {
			c = strings.Compare(a.ID, b.ID)
		}
		return c
	}
}

func (p *people) pages(q store.UserQuery) (all []store.User) {
	p.Helper()
	for {
		page, err := p.s.ListUsers(p.ctx(), q)
		p.must(err)
		all = append(all, page...)
		if len(page) < q.Limit {
			return all
		}
		q.After = q.Next(page[len(page)-1])
	}
}

func listOrders(p *people) {
	const n = 24
	p.crowd(n)
	for _, by := range orders {
		for _, desc := range []bool{false, true} {
			all := p.pages(store.UserQuery{Sort: by, Desc: desc, Limit: 5})
			want := slices.SortedFunc(slices.Values(all), compare(by))
			if desc {
				slices.Reverse(want)
			}
			same := slices.EqualFunc(all, want, func(a, b store.User) bool { return a.ID == b.ID })
			if len(all) != n || !same {
				p.Errorf("by %q, the last first %v: %d accounts, in order: %v", by, desc, len(all), same)
			}
		}
	}
	if _, err := p.s.ListUsers(p.ctx(), store.UserQuery{Sort: "password"}); err == nil {
		p.Error("an unknown order is taken")
	}
}

// listOrdersOfText: short texts and long ones, that many have, few and nobody, go together with every order.
func listOrdersOfText(p *people) {
	p.crowd(24)
	everybody := p.pages(store.UserQuery{Limit: 100})
	for _, text := range []string{"a", "2", "u0", "1@", "ANN", "u07", "zz", "nobody"} {
		for _, by := range orders {
			for _, desc := range []bool{false, true} {
				want := slices.SortedFunc(slices.Values(everybody), compare(by))
				if desc {
					slices.Reverse(want)
				}
				want = slices.DeleteFunc(want, func(u store.User) bool {
					return !strings.Contains(strings.ToLower(u.Email+"\n"+u.Username+"\n"+u.Name), strings.ToLower(text))
				})
				got := p.pages(store.UserQuery{Text: text, Sort: by, Desc: desc, Limit: 3})
				if !slices.EqualFunc(got, want, func(a, b store.User) bool { return a.ID == b.ID }) {
					p.Errorf("%q by %q, the last first %v: %d accounts, want %d in order", text, by, desc, len(got), len(want))
				}
			}
		}
	}
}

func listAfterChanged(p *people) {
	p.crowd(12)
	for _, by := range orders {
		q := store.UserQuery{Sort: by, Limit: 1000}
		all := p.pages(q)
		last := all[3]
		q.Limit, q.After = 2, last.ID
		page, err := p.s.ListUsers(p.ctx(), q)
		p.must(err)
		if len(page) != 2 || page[0].ID != all[4].ID {
			p.Fatalf("by %q after an id: %v", by, page)
		}
		q.After = q.Next(last)
		p.must(p.s.DeleteUser(p.ctx(), last.ID))
		page, err = p.s.ListUsers(p.ctx(), q)
		p.must(err)
		if len(page) != 2 || page[0].ID != all[4].ID || page[1].ID != all[5].ID {
			p.Fatalf("by %q after an account that went: %v", by, page)
		}
		q.After = newID()
		_, err = p.s.ListUsers(p.ctx(), q)
		p.wantErr(err, store.ErrNotFound, "a page after nobody")
	}
	_, err := p.s.ListUsers(p.ctx(), store.UserQuery{Sort: store.SortLastSignIn, After: newID() + ":soon"})
	p.wantErr(err, store.ErrNotFound, "a page after no time")
}

func listTextFollows(p *people) {
	ann, ben := p.made("ann"), p.made("ben")
	ann.Name = `Marie "Curie" OR *`
	ann, err := p.s.UpdateUser(p.ctx(), ann)
	p.must(err)
	for text, want := range map[string][]string{"the ann": {}, "CURIE": {"ann"}, `"curie"`: {"ann"}, `e" or *`: {"ann"}, "the ben": {"ben"},
		"ann@example": {"ann"}, "com\nann": {"ann"}} {
		if got := p.found(store.UserQuery{Text: text}); !slices.Equal(got, want) {
			p.Errorf("%q found %v, want %v", text, got, want)
		}
	}
	p.must(p.s.DeleteUser(p.ctx(), ben.ID))
	if got := p.found(store.UserQuery{Text: "the ben"}); len(got) > 0 {
		p.Errorf("a deleted account is found: %v", got)
	}
	again := p.person("bea")
	again.Name = "The ben of old"
	p.must(p.s.CreateUser(p.ctx(), again))
	if got := p.found(store.UserQuery{Text: "the ben"}); !slices.Equal(got, []string{"bea"}) {
		p.Errorf("found %v", got)
	}
}

func listState(p *people) {
	yes, no := true, false
	for i, name := range []string{"ann", "ben", "carl", "dora"} {
		u := p.person(name, "member")
		u.Enabled, u.Approved = i != 1, i != 2
		if u.Confirmed, u.MustChangePassword = i != 0, i == 3; i == 0 {
			u.Invited = p.clock.Now()
		}
		if i == 2 {
			u.Email, u.Confirmed = "", false
		}
		p.must(p.s.CreateUser(p.ctx(), u))
	}
	for _, test := range []struct {
		q    store.UserQuery
		want []string
	}{
		{store.UserQuery{}, []string{"ann", "ben", "carl", "dora"}},
		{store.UserQuery{Enabled: &no}, []string{"ben"}},
		{store.UserQuery{Enabled: &yes}, []string{"ann", "carl", "dora"}},
		{store.UserQuery{Approved: &no}, []string{"carl"}},
		{store.UserQuery{Enabled: &yes, Approved: &yes, Role: "member", Text: "the d"}, []string{"dora"}},
		{store.UserQuery{Confirmed: &yes}, []string{"ben", "dora"}},
		{store.UserQuery{Confirmed: &no}, []string{"ann"}},
		{store.UserQuery{Invited: &yes}, []string{"ann"}},
		{store.UserQuery{Invited: &no, Enabled: &yes}, []string{"carl", "dora"}},
		{store.UserQuery{MustChangePassword: &yes}, []string{"dora"}},
		{store.UserQuery{MustChangePassword: &no}, []string{"ann", "ben", "carl"}},
		{store.UserQuery{Role: "other"}, []string{}},
	} {
		if got := p.found(test.q); !slices.Equal(got, test.want) {
			p.Errorf("%+v found %v, want %v", test.q, got, test.want)
		}
		for limit, want := range map[int]int{0: len(test.want), 2: min(2, len(test.want)), 100: len(test.want)} {
			q := test.q
			q.Limit = 1
			if n, err := p.s.CountUsers(p.ctx(), q, limit); err != nil || n != want {
				p.Errorf("%+v counted %d, %v, want %d", test.q, n, err, want)
			}
		}
	}
}
