package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

func accountReadBack(p *people) {
	full := p.person("ann", "author", "member")
	full.Name, full.LastSignIn = "Änn \"the\" O'Neil; DROP TABLE users --", p.clock.Now().Add(-time.Hour)
	bare := store.User{ID: newID(), Username: "bob", Attributes: map[string]any{}, Created: p.clock.Now(), Version: 1}
	for _, u := range []store.User{full, bare} {
		p.must(p.s.CreateUser(p.ctx(), u))
		p.sameUser(p.read(u.ID), u)
		got, err := p.s.FindUser(p.ctx(), u.Username)
		p.must(err)
		p.sameUser(got, u)
	}
}

func attributesRoundTrip(p *people) {
	u := p.person("ann")
	u.Attributes = map[string]any{"text": "Ünï \" \\ {env.HOME}", "empty": "", "number": 12.5, "whole": 12.0, "yes": true,
		"no": false, "list": []any{"blue", "green"}, "none": []any{}}
	p.must(p.s.CreateUser(p.ctx(), u))
	p.sameUser(p.read(u.ID), u)
	u.Attributes = map[string]any{"text": "new"}
	changed, err := p.s.UpdateUser(p.ctx(), u)
	p.must(err)
	u.Version = 2
	p.sameUser(changed, u)
	p.sameUser(p.read(u.ID), u)
}

func accountCopies(p *people) {
	u := p.person("ann", "author", "member")
	u.Attributes = map[string]any{"teams": []any{"blue"}}
	given := u
	given.Roles, given.Attributes = slices.Clone(u.Roles), map[string]any{"teams": []any{"blue"}}
	p.must(p.s.CreateUser(p.ctx(), given))
	given.Roles[0], given.Attributes["teams"] = "spoilt", "spoilt"
	first := p.read(u.ID)
	first.Roles[0] = "spoilt"
	first.Attributes["teams"].([]any)[0] = "spoilt"
	p.sameUser(p.read(u.ID), u)
}

func unknownAccount(p *people) {
	p.made("ann")
	p.noUser(newID(), "an unknown id")
	p.noUser("", "no id")
	for _, login := range []string{"", "an", "ANN", "ann@example.co", "%", "_nn"} {
		_, err := p.s.FindUser(p.ctx(), login)
		p.wantErr(err, store.ErrNotFound, "finding "+login)
	}
	_, err := p.s.UpdateUser(p.ctx(), p.person("ben"))
	p.wantErr(err, store.ErrNotFound, "changing an unknown account")
	p.wantErr(p.s.DeleteUser(p.ctx(), newID()), store.ErrNotFound, "deleting an unknown account")
	p.wantErr(p.s.SignedIn(p.ctx(), newID(), p.clock.Now()), store.ErrNotFound, "signing in to an unknown account")
}

func takenNames(p *people) {
	ann := p.made("ann")
	u := p.person("other")
	u.Username = ann.Username
	p.taken(p.s.CreateUser(p.ctx(), u), "username")
	u = p.person("other")
	u.Email = ann.Email
	p.taken(p.s.CreateUser(p.ctx(), u), "email")
	p.noUser(u.ID, "a refused account")
	u.Username = ann.Username
	p.taken(p.s.CreateUser(p.ctx(), u), "email") // the address is what people are told about
	u = p.person("other")
	u.ID = ann.ID
	p.wantErr(p.s.CreateUser(p.ctx(), u), store.ErrTaken, "an id in use")
	p.made("ANN") // bytes are compared; callers normalise
}

func emptyAddresses(p *people) {
	for _, name := range []string{"ann", "ben"} {
		u := p.person(name)
		u.Email = ""
		p.must(p.s.CreateUser(p.ctx(), u))
	}
}

func createWhole(p *people) {
	u := p.person("ann")
	c := store.Credential{Kind: store.KindPassword, ID: u.ID, Owner: u.ID, Data: []byte("hash"), Created: p.clock.Now()}
	p.must(p.s.CreateUser(p.ctx(), u, c))
	if got, err := p.s.Credential(p.ctx(), store.KindPassword, u.ID); err != nil || string(got.Data) != "hash" {
		p.Fatalf("the password is %q, %v", got.Data, err)
	}
	ben := p.person("ben")
	err := p.s.CreateUser(p.ctx(), ben, c) // another user's
	p.wantErr(err, store.ErrTaken, "an account with a credential that is taken")
	p.noUser(ben.ID, "an account whose credential was refused")
	p.must(p.s.CreateUser(p.ctx(), ben))
}

func createRace(p *people) {
	other := p.openUsers()
	users := make([]store.User, racers)
	p.one(race(func(i int) bool {
		users[i] = p.person(fmt.Sprintf("ann%d", i))
		users[i].Email = "ann@example.com"
		s := p.s
		if i%2 == 1 {
			s = other
		}
		return p.only(s.CreateUser(p.ctx(), users[i]), store.ErrTaken)
	}), "signed up")
	n := 0
	for _, u := range users {
		if _, err := p.s.User(p.ctx(), u.ID); err == nil {
			n++
		}
	}
	p.one(n, "are stored")
	p.one(race(func(int) bool { return p.only(p.s.CreateUser(p.ctx(), p.person("ben")), store.ErrTaken) }), "signed up")
}

func findAddressFirst(p *people) {
	squatter := p.person("x")
	squatter.Username = "ann@example.com"
	p.must(p.s.CreateUser(p.ctx(), squatter))
	ann := p.made("ann")
	got, err := p.s.FindUser(p.ctx(), "ann@example.com")
	p.must(err)
	p.sameUser(got, ann)
	got, err = p.s.FindUser(p.ctx(), "x@example.com")
	p.must(err)
	p.sameUser(got, squatter)
}

func listPages(p *people) {
	var want []string
	for i := range 25 {
		if i%3 == 0 {
			p.clock.Advance(time.Second) // some are made at the same moment
		}
		want = append(want, p.made(fmt.Sprintf("u%02d", i)).ID)
	}
	var all []store.User
	var got []string
	for after := ""; ; after = got[len(got)-1] {
		page, err := p.s.ListUsers(p.ctx(), store.UserQuery{After: after, Limit: 4})
		p.must(err)
		if len(page) == 0 {
			break
		}
		if len(page) > 4 {
			p.Fatalf("a page of %d", len(page))
		}
		for _, u := range page {
			got = append(got, u.ID)
		}
		all = append(all, page...)
	}
	if !slices.IsSortedFunc(all, func(a, b store.User) int { return a.Created.Compare(b.Created) }) {
		p.Fatal("not the oldest first")
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		p.Fatalf("pages held %d accounts, want each of %d once", len(got), len(want))
	}
}

func listAfterDeleted(p *people) {
	var ids []string
	for i := range 6 {
		p.clock.Advance(time.Second)
		ids = append(ids, p.made(fmt.Sprintf("u%d", i)).ID)
	}
	p.must(p.s.DeleteUser(p.ctx(), ids[2]))
	page, err := p.s.ListUsers(p.ctx(), store.UserQuery{After: ids[2], Limit: 2})
	p.must(err)
	if len(page) != 2 || page[0].ID != ids[3] || page[1].ID != ids[4] {
		p.Fatalf("the page after a deleted account is %v", page)
	}
}

// found are the usernames that a query finds, in order.
func (p *people) found(q store.UserQuery) []string {
	p.Helper()
	list, err := p.s.ListUsers(p.ctx(), q)
	p.must(err)
	names := []string{}
	for _, u := range list {
		names = append(names, u.Username)
	}
	slices.Sort(names)
	return names
}

func listText(p *people) {
	for name, full := range map[string]string{"ann": "Ärnst 100%", "ben": "A_B", "carl": "C\\D"} {
		u := p.person(name)
		u.Name = full
		p.must(p.s.CreateUser(p.ctx(), u))
	}
	for text, want := range map[string][]string{"": {"ann", "ben", "carl"}, "example.com": {"ann", "ben", "carl"}, "NN@": {"ann"},
		"äRN": {"ann"}, "%": {"ann"}, "_": {"ben"}, "\\": {"carl"}, "a": {"ann", "ben", "carl"}, "nobody": {}, "'": {},
		"annann": {}, "ann@example.comann": {}} {
		if got := p.found(store.UserQuery{Text: text}); !slices.Equal(got, want) {
			p.Fatalf("%q found %v, want %v", text, got, want)
		}
	}
}

func listRole(p *people) {
	p.made("ann", "editor", "member")
	ben := p.made("ben", "member")
	p.made("carl")
	for role, want := range map[string][]string{"member": {"ann", "ben"}, "editor": {"ann"}, "edit": {}, "MEMBER": {}} {
		if got := p.found(store.UserQuery{Role: role}); !slices.Equal(got, want) {
			p.Fatalf("%q found %v, want %v", role, got, want)
		}
	}
	if got := p.found(store.UserQuery{Role: "member", Text: "BEN"}); !slices.Equal(got, []string{"ben"}) {
		p.Fatalf("found %v", got)
	}
	ben.Roles = []string{"editor"}
	_, err := p.s.UpdateUser(p.ctx(), ben)
	p.must(err)
	if got := p.found(store.UserQuery{Role: "member"}); !slices.Equal(got, []string{"ann"}) {
		p.Fatalf("after a change found %v", got)
	}
}
