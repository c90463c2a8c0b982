package storetest

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Audit holds the audit trail of a users store against package store. fresh is as for [Users].
func Audit(t *testing.T, fresh func(t *testing.T) UsersHarness) {
	tests := []struct {
		name string
		run  func(*people, store.Audit)
	}{
		{"an event is read back as it was stored, once", eventReadBack},
		{"a batch is stored whole or not at all", eventsCancelled},
		{"events are listed newest first, in pages", eventPages},
		{"a page goes on after an event that was forgotten", eventPageAfterPurge},
		{"events are found by each of their fields and by time", eventFilters},
		{"many old events are forgotten and no other", eventPurge},
		{"the trail outlives the account", eventsOutlive},
		{"text that no database can hold harms no trail", eventOddText},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := &people{world: &world{T: t, clock: NewClock()}, h: fresh(t)}
			p.s = p.openUsers()
			trail, ok := p.s.(store.Audit)
			if !ok {
				t.Fatal("the store keeps no audit trail")
			}
			test.run(p, trail)
		})
	}
}

// event is one that is not stored yet; its id is in the order of n.
func (p *people) event(n int) store.AuditEvent {
	s := fmt.Sprintf("%06d", n)
	return store.AuditEvent{ID: s, Time: p.clock.Now(), Kind: "kind" + s, Result: "result" + s, Reason: "reason" + s,
		Actor: "actor" + s, UserID: "user" + s, Username: "name" + s, Method: "method" + s, Session: "session" + s,
		Address: "address" + s, Host: "host" + s}
}

// events fails unless q lists exactly want, in order.
func (p *people) events(a store.Audit, q store.AuditQuery, want ...store.AuditEvent) {
	p.Helper()
	got, err := a.ListEvents(p.ctx(), q)
	p.must(err)
	same := len(got) == len(want)
	for i := 0; same && i < len(got); i++ {
		g, w := got[i], want[i]
		same = g.Time.Equal(w.Time)
		g.Time, w.Time = time.Time{}, time.Time{}
		same = same && reflect.DeepEqual(g, w)
	}
	if !same {
		p.Fatalf("%+v lists\n%+v, want\n%+v", q, got, want)
	}
}

func eventReadBack(p *people, a store.Audit) {
	e, bare := p.event(1), store.AuditEvent{ID: "0", Time: p.clock.Now(), Kind: "setup", Result: "ok"}
	p.must(a.AppendEvents(p.ctx(), nil))
	p.must(a.AppendEvents(p.ctx(), []store.AuditEvent{e}))
	changed := e
	changed.Kind = "other"
	p.must(a.AppendEvents(p.ctx(), []store.AuditEvent{changed, bare}))
	p.events(p.openUsers().(store.Audit), store.AuditQuery{}, e, bare)
}

func eventsCancelled(p *people, a store.Audit) {
	ctx, cancel := context.WithCancel(p.ctx())
	cancel()
	if a.AppendEvents(ctx, []store.AuditEvent{p.event(1), p.event(2)}) == nil {
		p.Fatal("a cancelled call succeeded")
	}
	p.events(a, store.AuditQuery{})
}

func eventPages(p *people, a store.Audit) {
	var all []store.AuditEvent
	for n := range 5 {
		all = append(all, p.event(n))
		if n%2 == 1 { // two at a time happen at once
			p.clock.Advance(time.Second)
		}
	}
	p.must(a.AppendEvents(p.ctx(), all))
	p.events(a, store.AuditQuery{Limit: 2}, all[4], all[3])
	p.events(a, store.AuditQuery{Limit: 2, After: all[3].Cursor()}, all[2], all[1])
	p.events(a, store.AuditQuery{Limit: 2, After: all[1].Cursor()}, all[0])
	p.events(a, store.AuditQuery{Limit: 2, After: all[0].Cursor()})
}

func eventPageAfterPurge(p *people, a store.Audit) {
	old := p.event(1)
	p.clock.Advance(time.Second)
	late := p.event(2)
	p.must(a.AppendEvents(p.ctx(), []store.AuditEvent{old, late}))
	p.must(a.PurgeEvents(p.ctx(), late.Time))
	p.events(a, store.AuditQuery{After: old.Cursor()})
	p.events(a, store.AuditQuery{After: store.AuditCursor{Time: late.Time.Add(time.Second)}}, late)
}

func eventFilters(p *people, a store.Audit) {
	one := p.event(1)
	p.clock.Advance(time.Second)
	two := p.event(2)
	p.must(a.AppendEvents(p.ctx(), []store.AuditEvent{one, two}))
	for _, q := range []store.AuditQuery{{Kind: one.Kind}, {Result: one.Result}, {Actor: one.Actor}, {UserID: one.UserID}, {Username: one.Username},
		{Address: one.Address}, {Until: two.Time}, {Kind: one.Kind, Actor: one.Actor, Since: one.Time}} {
		p.events(a, q, one)
	}
	p.events(a, store.AuditQuery{Since: two.Time}, two)
	p.events(a, store.AuditQuery{Kind: one.Kind, Actor: two.Actor})
}

func eventPurge(p *people, a store.Audit) {
	var old []store.AuditEvent
	for n := range 1001 { // more than one batch
		old = append(old, p.event(n))
	}
	p.must(a.AppendEvents(p.ctx(), old))
	p.clock.Advance(time.Second)
	late := p.event(5000)
	p.must(a.AppendEvents(p.ctx(), []store.AuditEvent{late}))
	p.must(a.PurgeEvents(p.ctx(), late.Time))
	p.events(a, store.AuditQuery{}, late)
}

func eventsOutlive(p *people, a store.Audit) {
	u, e := p.made("ann"), p.event(1)
	e.UserID = u.ID
	p.must(a.AppendEvents(p.ctx(), []store.AuditEvent{e}))
	p.must(p.s.DeleteUser(p.ctx(), u.ID))
	p.events(a, store.AuditQuery{UserID: u.ID}, e)
}

func eventOddText(p *people, a store.Audit) {
	e := p.event(1)
	e.Username = "a\x00b\xff\nc"
	p.must(a.AppendEvents(p.ctx(), []store.AuditEvent{e}))
	e.Username = "ab\uFFFD\nc"
	p.events(a, store.AuditQuery{}, e)
	p.events(a, store.AuditQuery{Kind: "\x00"})
	p.events(a, store.AuditQuery{After: store.AuditCursor{Time: p.clock.Now(), ID: "\xff"}})
}
