package storetest

import (
	"bytes"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// credential is one of u that is not stored yet.
func (p *people) credential(u store.User, kind, id string) store.Credential {
	return store.Credential{Kind: kind, ID: id, Owner: u.ID, Label: "laptop", Data: []byte("some\x00data\xff"),
		Created: p.clock.Now(), Version: 1}
}

func (p *people) credentialPut(c store.Credential) store.Credential {
	p.Helper()
	p.must(p.s.PutCredential(p.ctx(), c))
	return c
}

func (p *people) readCredential(kind, id string) store.Credential {
	p.Helper()
	c, err := p.s.Credential(p.ctx(), kind, id)
	p.must(err)
	return c
}

func (p *people) sameCredential(got, want store.Credential) {
	p.Helper()
	if got.Kind != want.Kind || got.ID != want.ID || got.Owner != want.Owner || got.Label != want.Label ||
		!bytes.Equal(got.Data, want.Data) || got.Version != want.Version || !got.Created.Equal(want.Created) ||
		!got.Used.Equal(want.Used) || !got.Expires.Equal(want.Expires) {
		p.Fatalf("got\n%+v, want\n%+v", got, want)
	}
}

func credentialReadBack(p *people) {
	u := p.made("ann")
	full := p.credential(u, "passkey", "id/with ünïcode")
	full.Used, full.Expires = p.clock.Now().Add(-time.Minute), p.clock.Now().Add(time.Hour)
	bare := store.Credential{Kind: "totp", ID: u.ID, Owner: u.ID, Version: 1}
	for _, c := range []store.Credential{full, bare} {
		p.credentialPut(c)
		p.sameCredential(p.readCredential(c.Kind, c.ID), c)
	}
	got := p.readCredential(full.Kind, full.ID)
	got.Data[0] = 'X'
	p.sameCredential(p.readCredential(full.Kind, full.ID), full)
	_, err := p.s.Credential(p.ctx(), "totp", full.ID)
	p.wantErr(err, store.ErrNotFound, "the id of another kind")
	p.pending() // a new credential ends no session
}

func credentialReplace(p *people) {
	ann, ben := p.made("ann"), p.made("ben")
	c := p.credentialPut(p.credential(ann, store.KindPassword, ann.ID))
	c.Data, c.Label = []byte("new"), ""
	p.credentialPut(c)
	c.Version = 2
	p.sameCredential(p.readCredential(c.Kind, c.ID), c)
	stolen := c
	stolen.Owner, stolen.Data = ben.ID, []byte("stolen")
	p.wantErr(p.s.PutCredential(p.ctx(), stolen), store.ErrTaken, "another user's credential")
	p.sameCredential(p.readCredential(c.Kind, c.ID), c)
}

func credentialNoOwner(p *people) {
	c := p.credential(p.person("nobody"), "passkey", "x")
	p.wantErr(p.s.PutCredential(p.ctx(), c), store.ErrNotFound, "a credential of no user")
	_, err := p.s.Credential(p.ctx(), "passkey", "x")
	p.wantErr(err, store.ErrNotFound, "a refused credential")
}

func credentialExpires(p *people) {
	u := p.made("ann")
	c := p.credential(u, store.KindAPIToken, "t")
	c.Expires = p.clock.Now().Add(time.Hour)
	p.credentialPut(c)
	p.clock.Advance(time.Hour - time.Millisecond)
	p.readCredential(c.Kind, c.ID)
	p.clock.Advance(time.Millisecond)
	_, err := p.s.Credential(p.ctx(), c.Kind, c.ID)
	p.wantErr(err, store.ErrNotFound, "an expired credential")
	list, err := p.s.CredentialsOf(p.ctx(), u.ID, "")
	p.must(err)
	if len(list) != 0 {
		p.Fatalf("an expired credential is listed: %v", list)
	}
	p.wantErr(p.s.SwapCredential(p.ctx(), c), store.ErrNotFound, "swapping an expired credential")
	p.wantErr(p.s.DeleteCredential(p.ctx(), c.Kind, c.ID), store.ErrNotFound, "deleting an expired credential")
	c.Expires = time.Time{}
	p.credentialPut(c)
	p.readCredential(c.Kind, c.ID)
}

func credentialSwap(p *people) {
	u := p.made("ann")
	c := p.credentialPut(p.credential(u, "passkey", "x"))
	c.Data, c.Used, c.Label = []byte("counter 2"), p.clock.Now(), "phone"
	p.must(p.s.SwapCredential(p.ctx(), c))
	stale := c
	c.Version = 2
	p.sameCredential(p.readCredential(c.Kind, c.ID), c)
	p.wantErr(p.s.SwapCredential(p.ctx(), stale), store.ErrStale, "swapping at an older version")
	stale.ID = "y"
	p.wantErr(p.s.SwapCredential(p.ctx(), stale), store.ErrNotFound, "swapping what is not there")
	p.sameCredential(p.readCredential(c.Kind, c.ID), c)
}

func credentialSwapRace(p *people) {
	u := p.made("ann")
	c := p.credentialPut(p.credential(u, "totp", u.ID))
	p.one(race(func(i int) bool {
		mine := c
		mine.Data = []byte(fmt.Sprint("step ", i))
		return p.only(p.s.SwapCredential(p.ctx(), mine), store.ErrStale)
	}), "swapped the credential")
}

func credentialDeleteRace(p *people) {
	other := p.openUsers()
	u := p.made("ann")
	c := p.credentialPut(p.credential(u, "recovery", "code"))
	p.one(race(func(i int) bool {
		s := p.s
		if i%2 == 1 {
			s = other
		}
		return p.only(s.DeleteCredential(p.ctx(), c.Kind, c.ID), store.ErrNotFound)
	}), "deleted the credential")
	p.pending(u.ID)
}

func credentialList(p *people) {
	u := p.made("ann")
	var want []string
	for i, kind := range []string{"b", "a", "b"} {
		p.clock.Advance(time.Second)
		want = append(want, p.credentialPut(p.credential(u, kind, fmt.Sprint(9-i))).ID)
	}
	p.credentialPut(p.credential(p.made("ben"), "b", "ben's"))
	for kind, n := range map[string][]string{"": want, "b": {want[0], want[2]}, "a": {want[1]}, "c": nil} {
		list, err := p.s.CredentialsOf(p.ctx(), u.ID, kind)
		p.must(err)
		var got []string
		for _, c := range list {
			got = append(got, c.ID)
		}
		if fmt.Sprint(got) != fmt.Sprint(n) {
			p.Fatalf("credentials of kind %q are %v, want %v", kind, got, n)
		}
	}
}
