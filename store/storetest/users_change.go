package storetest

import (
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

func updateSeen(p *people) {
	other := p.openUsers()
	u := p.made("ann", "member")
	u.Username, u.Email, u.Confirmed, u.Name = "anna", "anna@example.com", false, "Anna"
	u.Roles, u.Attributes, u.Approved = []string{"author"}, map[string]any{"plan": "gold"}, false
	u.PasswordDue, u.Invited, u.GivenRoles = true, p.clock.Now(), []string{"author", "guest"}
	changed, err := p.s.UpdateUser(p.ctx(), u)
	p.must(err)
	u.Version = 2
	p.sameUser(changed, u)
	got, err := other.User(p.ctx(), u.ID)
	p.must(err)
	p.sameUser(got, u)
	_, err = other.FindUser(p.ctx(), "ann@example.com")
	p.wantErr(err, store.ErrNotFound, "the former address")
}

func updateStale(p *people) {
	u := p.made("ann")
	_, err := p.s.UpdateUser(p.ctx(), u)
	p.must(err)
	u.Name = "overtaken"
	_, err = p.s.UpdateUser(p.ctx(), u)
	p.wantErr(err, store.ErrStale, "changing an older version")
	if got := p.read(u.ID); got.Name == "overtaken" || got.Version != 2 {
		p.Fatalf("a stale change was stored: %+v", got)
	}
}

func updateRace(p *people) {
	other := p.openUsers()
	u := p.made("ann")
	p.one(race(func(i int) bool {
		mine, s := u, p.s
		if i%2 == 1 {
			s = other
		}
		mine.Name = fmt.Sprint(i)
		changed, err := s.UpdateUser(p.ctx(), mine)
		return p.only(err, store.ErrStale) && changed.Name == mine.Name && changed.Version == 2
	}), "changed the account")
	if got := p.read(u.ID); got.Version != 2 {
		p.Fatalf("version %d after one change", got.Version)
	}
}

func updateTaken(p *people) {
	ann, ben := p.made("ann"), p.made("ben")
	u := ben
	u.Email = ann.Email
	_, err := p.s.UpdateUser(p.ctx(), u)
	p.taken(err, "email")
	u = ben
	u.Username = ann.Username
	_, err = p.s.UpdateUser(p.ctx(), u)
	p.taken(err, "username")
	p.sameUser(p.read(ben.ID), ben)
}

func updateKeeps(p *people) {
	u := p.made("ann")
	p.clock.Advance(time.Hour)
	p.must(p.s.SignedIn(p.ctx(), u.ID, p.clock.Now()))
	change := u
	change.Created, change.LastSignIn = p.clock.Now().Add(time.Hour), time.Time{}
	changed, err := p.s.UpdateUser(p.ctx(), change)
	p.must(err)
	u.LastSignIn, u.Version = p.clock.Now(), 2
	p.sameUser(changed, u)
	p.sameUser(p.read(u.ID), u)
}

func signedIn(p *people) {
	u := p.made("ann")
	p.clock.Advance(time.Hour)
	p.must(p.s.SignedIn(p.ctx(), u.ID, p.clock.Now()))
	u.LastSignIn = p.clock.Now()
	p.sameUser(p.read(u.ID), u)
	p.must(p.s.SignedIn(p.ctx(), u.ID, p.clock.Now().Add(-time.Minute)))
	p.sameUser(p.read(u.ID), u)
	p.pending()
}

func deleteCascades(p *people) {
	u, ben := p.made("ann", "member"), p.made("ben")
	for _, owner := range []store.User{u, ben} {
		p.must(p.s.PutCredential(p.ctx(), store.Credential{Kind: "api_token", ID: "of " + owner.ID, Owner: owner.ID}))
	}
	p.must(p.s.DeleteUser(p.ctx(), u.ID))
	p.noUser(u.ID, "a deleted account")
	_, err := p.s.FindUser(p.ctx(), u.Email)
	p.wantErr(err, store.ErrNotFound, "the address of a deleted account")
	_, err = p.s.Credential(p.ctx(), "api_token", "of "+u.ID)
	p.wantErr(err, store.ErrNotFound, "a credential of a deleted account")
	_, err = p.s.Credential(p.ctx(), "api_token", "of "+ben.ID)
	p.must(err)
	_, err = p.s.UpdateUser(p.ctx(), u)
	p.wantErr(err, store.ErrNotFound, "changing a deleted account")
	if got := p.found(store.UserQuery{Role: "member"}); len(got) != 0 {
		p.Fatalf("a deleted account is listed: %v", got)
	}
}

func deleteRace(p *people) {
	u := p.made("ann")
	p.one(race(func(int) bool { return p.only(p.s.DeleteUser(p.ctx(), u.ID), store.ErrNotFound) }), "deleted the account")
	p.pending(u.ID)
}

func usernamesRetire(p *people) {
	u := p.made("ann")
	p.must(p.s.DeleteUser(p.ctx(), u.ID))
	again := p.person("ann")
	p.taken(p.s.CreateUser(p.ctx(), again), "username")
	p.noUser(again.ID, "an account with a retired username")
	again.Username = "ann2" // the address is free
	p.must(p.s.CreateUser(p.ctx(), again))
	again.Username = "ann"
	_, err := p.s.UpdateUser(p.ctx(), again)
	p.taken(err, "username")

	// What an account gives up by a change of name goes to nobody else either, but may come back.
	again.Username = "ann3"
	again, err = p.s.UpdateUser(p.ctx(), again)
	p.must(err)
	p.taken(p.s.CreateUser(p.ctx(), p.person("ann2")), "username")
	again.Username = "ann2"
	_, err = p.s.UpdateUser(p.ctx(), again)
	p.must(err)
	p.taken(p.s.CreateUser(p.ctx(), p.person("ann3")), "username")
}

func lastAdministrator(p *people) {
	boss := p.made("boss", "admin", "member")
	p.made("ann", "administrator", "member")
	off := p.person("off", "admin")
	off.Enabled = false
	p.must(p.s.CreateUser(p.ctx(), off)) // cannot sign in: does not count
	for what, change := range map[string]func(*store.User){
		"demoting":    func(u *store.User) { u.Roles = []string{"member"} },
		"disabling":   func(u *store.User) { u.Enabled = false },
		"disapproval": func(u *store.User) { u.Approved = false },
	} {
		u := p.read(boss.ID)
		change(&u)
		_, err := p.s.UpdateUser(p.ctx(), u)
		p.wantErr(err, store.ErrLastAdministrator, what+" the last administrator")
	}
	p.wantErr(p.s.DeleteUser(p.ctx(), boss.ID), store.ErrLastAdministrator, "deleting the last administrator")
	p.sameUser(p.read(boss.ID), boss)
	p.pending()

	u := boss
	u.Name = "still boss"
	_, err := p.s.UpdateUser(p.ctx(), u) // other changes are fine
	p.must(err)
	off.Enabled = true
	_, err = p.s.UpdateUser(p.ctx(), off)
	p.must(err)
	p.must(p.s.DeleteUser(p.ctx(), boss.ID))
	p.wantErr(p.s.DeleteUser(p.ctx(), off.ID), store.ErrLastAdministrator, "deleting the one who is left")
}

func administratorsRace(p *people) {
	other := p.openUsers()
	users := make([]store.User, racers)
	for i := range users {
		users[i] = p.made(fmt.Sprintf("boss%d", i), "admin")
	}
	kept := racers - race(func(i int) bool {
		u, s := users[i], p.s
		if i%2 == 1 {
			s = other
		}
		if i%3 == 0 {
			u.Enabled = false
		} else {
			u.Roles = nil
		}
		_, err := s.UpdateUser(p.ctx(), u)
		return p.only(err, store.ErrLastAdministrator)
	})
	p.one(kept, "stayed administrators")
}

func administratorsDeleteRace(p *people) {
	other := p.openUsers()
	a, b := p.made("first", "admin"), p.made("second", "admin")
	race(func(i int) bool {
		var err error
		switch i % 4 {
		case 0:
			err = p.s.DeleteUser(p.ctx(), a.ID)
		case 1:
			err = other.DeleteUser(p.ctx(), b.ID)
		case 2:
			u := a
			u.Roles = nil
			_, err = other.UpdateUser(p.ctx(), u)
		case 3:
			u := b
			u.Approved = false
			_, err = p.s.UpdateUser(p.ctx(), u)
		}
		return p.only(err, store.ErrLastAdministrator, store.ErrStale, store.ErrNotFound)
	})
	left, err := p.s.ListUsers(p.ctx(), store.UserQuery{Role: "admin"})
	p.must(err)
	for _, u := range left {
		if u.Enabled && u.Approved {
			return
		}
	}
	p.Fatalf("nobody can administer: %v", left)
}
