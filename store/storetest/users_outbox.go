package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// pending fails unless the outbox holds rows of exactly these users, in order, and acknowledges them.
func (p *people) pending(want ...string) {
	p.Helper()
	rows, err := p.s.PendingChanges(p.ctx(), 1000)
	p.must(err)
	var got []string
	var seqs []int64
	for _, row := range rows {
		got, seqs = append(got, row.UserID), append(seqs, row.Seq)
	}
	if !slices.Equal(got, want) {
		p.Fatalf("the outbox holds %v, want %v", got, want)
	}
	p.must(p.s.AckChanges(p.ctx(), seqs...))
}

func outboxRows(p *people) {
	ann, ben := p.made("ann"), p.made("ben")
	p.pending()
	_, err := p.s.UpdateUser(p.ctx(), ann)
	p.must(err)
	_, err = p.s.UpdateUser(p.ctx(), ann) // stale
	p.wantErr(err, store.ErrStale, "an older version")
	taken := ben
	taken.Email = ann.Email
	_, err = p.s.UpdateUser(p.ctx(), taken)
	p.wantErr(err, store.ErrTaken, "a taken address")
	p.pending(ann.ID)

	p.credentialPut(p.credential(ben, "api_token", "t"))
	p.must(p.s.DeleteCredential(p.ctx(), "api_token", "t"))
	p.wantErr(p.s.DeleteCredential(p.ctx(), "api_token", "t"), store.ErrNotFound, "a credential deleted before")
	p.must(p.s.DeleteUser(p.ctx(), ann.ID))
	p.wantErr(p.s.DeleteUser(p.ctx(), ann.ID), store.ErrNotFound, "an account deleted before")
	p.pending(ben.ID, ann.ID)
}

func outboxAck(p *people) {
	other := p.openUsers()
	var want []string
	for i := range 5 {
		u := p.made(fmt.Sprint("u", i))
		_, err := p.s.UpdateUser(p.ctx(), u)
		p.must(err)
		want = append(want, u.ID)
	}
	first, err := other.PendingChanges(p.ctx(), 2)
	p.must(err)
	again, err := p.s.PendingChanges(p.ctx(), 2)
	p.must(err)
	if len(first) != 2 || !slices.Equal(first, again) || first[0].UserID != want[0] || first[1].UserID != want[1] ||
		first[0].Seq >= first[1].Seq {
		p.Fatalf("the outbox begins with %v, then with %v", first, again)
	}
	p.must(other.AckChanges(p.ctx(), first[1].Seq))
	p.must(p.s.AckChanges(p.ctx(), first[1].Seq)) // twice
	p.must(p.s.AckChanges(p.ctx()))
	p.pending(slices.Delete(want, 1, 2)...)
}

func outboxWakes(p *people) {
	other := p.openUsers()
	u := p.made("ann")
	for _, writer := range []store.UserStore{p.s, other} {
		for _, reader := range []store.UserStore{p.s, other} {
			select {
			case <-reader.ChangesWaiting(): // a word of the round before
			default:
			}
			var err error
			u, err = writer.UpdateUser(p.ctx(), u)
			p.must(err)
			select {
			case <-reader.ChangesWaiting():
			case <-time.After(5 * time.Second):
				p.Fatal("nothing woke the reader of the outbox")
			}
			rows, err := reader.PendingChanges(p.ctx(), 10)
			p.must(err)
			if len(rows) == 0 || rows[len(rows)-1].UserID != u.ID {
				p.Fatalf("woken, and the outbox holds %v", rows)
			}
		}
	}
}

func settingRace(p *people) {
	_, err := p.s.Setting(p.ctx(), "fingerprint")
	p.wantErr(err, store.ErrNotFound, "an unknown setting")
	p.one(race(func(i int) bool {
		return p.only(p.s.PutSetting(p.ctx(), "fingerprint", nil, []byte{byte(i)}), store.ErrStale)
	}), "stored the setting")
	old, err := p.s.Setting(p.ctx(), "fingerprint")
	p.must(err)
	p.one(race(func(i int) bool {
		return p.only(p.s.PutSetting(p.ctx(), "fingerprint", old, []byte{200, byte(i)}), store.ErrStale)
	}), "replaced the setting")
}

func settingSwap(p *people) {
	p.wantErr(p.s.PutSetting(p.ctx(), "a", []byte("old"), []byte("new")), store.ErrStale, "replacing an unknown setting")
	p.must(p.s.PutSetting(p.ctx(), "a", nil, []byte("one\x00\xff")))
	p.wantErr(p.s.PutSetting(p.ctx(), "a", []byte("other"), []byte("two")), store.ErrStale, "replacing another value")
	p.must(p.s.PutSetting(p.ctx(), "a", []byte("one\x00\xff"), []byte("two")))
	p.must(p.openUsers().PutSetting(p.ctx(), "b", nil, []byte("two")))
	for _, name := range []string{"a", "b"} {
		if got, err := p.s.Setting(p.ctx(), name); err != nil || string(got) != "two" {
			p.Fatalf("setting %s is %q, %v", name, got, err)
		}
	}
}

func usersReopening(p *people) {
	u := p.person("ann", "author")
	u.Attributes = map[string]any{"plan": "gold"}
	c := p.credential(u, store.KindPassword, u.ID)
	p.must(p.s.CreateUser(p.ctx(), u, c))
	u, err := p.s.UpdateUser(p.ctx(), u)
	p.must(err)
	gone := p.made("gone")
	p.must(p.s.DeleteUser(p.ctx(), gone.ID))
	p.must(p.s.PutSetting(p.ctx(), "a", nil, []byte("one")))
	p.must(p.s.Close())

	p.s = p.openUsers()
	p.must(p.s.Ping(p.ctx()))
	p.sameUser(p.read(u.ID), u)
	p.sameCredential(p.readCredential(c.Kind, c.ID), c)
	p.taken(p.s.CreateUser(p.ctx(), p.person("gone")), "username")
	if got, err := p.s.Setting(p.ctx(), "a"); err != nil || string(got) != "one" {
		p.Fatalf("the setting is %q, %v", got, err)
	}
	p.pending(u.ID, gone.ID)
}

// userCalls are all calls that take a context.
func (p *people) userCalls(s store.UserStore, u store.User) map[string]func(context.Context) error {
	c := p.credential(u, "totp", "t")
	return map[string]func(context.Context) error{
		"CreateUser":       func(ctx context.Context) error { return s.CreateUser(ctx, p.person(newID())) },
		"User":             func(ctx context.Context) error { _, err := s.User(ctx, u.ID); return err },
		"FindUser":         func(ctx context.Context) error { _, err := s.FindUser(ctx, u.Email); return err },
		"UpdateUser":       func(ctx context.Context) error { _, err := s.UpdateUser(ctx, u); return err },
		"DeleteUser":       func(ctx context.Context) error { return s.DeleteUser(ctx, u.ID) },
		"ListUsers":        func(ctx context.Context) error { _, err := s.ListUsers(ctx, store.UserQuery{}); return err },
		"CountUsers":       func(ctx context.Context) error { _, err := s.CountUsers(ctx, store.UserQuery{}, 0); return err },
		"SignedIn":         func(ctx context.Context) error { return s.SignedIn(ctx, u.ID, p.clock.Now().Add(time.Hour)) },
		"PutCredential":    func(ctx context.Context) error { return s.PutCredential(ctx, c) },
		"SwapCredential":   func(ctx context.Context) error { return s.SwapCredential(ctx, c) },
		"Credential":       func(ctx context.Context) error { _, err := s.Credential(ctx, "x", "x"); return err },
		"CredentialsOf":    func(ctx context.Context) error { _, err := s.CredentialsOf(ctx, u.ID, ""); return err },
		"DeleteCredential": func(ctx context.Context) error { return s.DeleteCredential(ctx, "x", "x") },
		"PendingChanges":   func(ctx context.Context) error { _, err := s.PendingChanges(ctx, 10); return err },
		"AckChanges":       func(ctx context.Context) error { return s.AckChanges(ctx, 1) },
		"Setting":          func(ctx context.Context) error { _, err := s.Setting(ctx, "a"); return err },
		"PutSetting":       func(ctx context.Context) error { return s.PutSetting(ctx, "a", nil, []byte("x")) },
		"Ping":             func(ctx context.Context) error { return s.Ping(ctx) },
	}
}

func usersAfterClose(p *people) {
	other := p.openUsers()
	u := p.made("ann")
	p.must(other.Close())
	for name, call := range p.userCalls(other, u) {
		p.wantErr(call(p.ctx()), store.ErrClosed, name)
	}
	_ = other.Close()
	p.sameUser(p.read(u.ID), u)
}

func usersCancelled(p *people) {
	u := p.made("ann")
	ctx, cancel := context.WithCancel(p.ctx())
	cancel()
	for name, call := range p.userCalls(p.s, u) {
		if err := call(ctx); !errors.Is(err, context.Canceled) {
			p.Fatalf("%s with a cancelled context: %v", name, err)
		}
	}
	p.sameUser(p.read(u.ID), u)
	p.pending()
	_, err := p.s.Setting(p.ctx(), "a")
	p.wantErr(err, store.ErrNotFound, "a setting whose storing was cancelled")
	_, err = p.s.Credential(p.ctx(), "totp", "t")
	p.wantErr(err, store.ErrNotFound, "a credential whose storing was cancelled")
}

// oddText is what strangers type: it is looked for, found nowhere, and is no fault of the store.
func oddText(p *people) {
	p.made("ann")
	for _, text := range []string{"ann\x00", "\xff\xfe", "\x00"} {
		p.noUser(text, "an odd id")
		_, err := p.s.FindUser(p.ctx(), text)
		p.wantErr(err, store.ErrNotFound, "an odd login")
		_, err = p.s.Credential(p.ctx(), "passkey", text)
		p.wantErr(err, store.ErrNotFound, "an odd credential")
		p.wantErr(p.s.DeleteCredential(p.ctx(), "passkey", text), store.ErrNotFound, "an odd credential")
		p.wantErr(p.s.DeleteUser(p.ctx(), text), store.ErrNotFound, "an odd id")
		if got := p.found(store.UserQuery{Text: text}); len(got) != 0 {
			p.Fatalf("%q found %v", text, got)
		}
	}
}
