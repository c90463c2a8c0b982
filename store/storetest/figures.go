package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Figures holds what a users store counts against package store. fresh is as for [Users].
func Figures(t *testing.T, fresh func(t *testing.T) UsersHarness) {
	tests := []struct {
		name string
		run  func(*people)
	}{
		{"events are counted by hour, kind and result", figuresCounted},
		{"a batch that is sent twice is counted once", figuresOnce},
		{"of batches that race every event is counted", figuresRace},
		{"counts are forgotten with the events", figuresPurged},
		{"users are told by how many events are about them", figuresUsers},
		{"an hour keeps the highest number of sessions", figuresSessions},
		{"holders of roles are counted, with those that others include", figuresRoles},
		{"few and many holders of a role are found in every order", figuresHolders},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := &people{world: &world{T: t, clock: NewClock()}, h: fresh(t)}
			p.s = p.openUsers()
			test.run(p)
		})
	}
}

func (p *people) trail() store.Audit     { return p.s.(store.Audit) }
func (p *people) figures() store.Figures { return p.s.(store.Figures) }

// hours fails unless exactly these hours are counted, each as "hour kind result count" with the hour since the epoch of the test.
func (p *people) hours(since time.Time, want ...string) {
	p.Helper()
	list, err := p.figures().EventHours(p.ctx(), since)
	p.must(err)
	begin := NewClock().Now().Truncate(time.Hour)
	var got []string
	for _, h := range list {
		got = append(got, fmt.Sprintf("%d %s %s %d", int(h.Hour.Sub(begin)/time.Hour), h.Kind, h.Result, h.Count))
	}
	if !slices.Equal(got, want) {
		p.Fatalf("counted %q, want %q", got, want)
	}
}

func (p *people) happened(n int, kind, result string) store.AuditEvent {
	e := p.event(n)
	e.Kind, e.Result = kind, result
	return e
}

func figuresCounted(p *people) {
	begin := p.clock.Now()
	several := p.happened(3, "sign_in", "refused")
	several.Times = 40
	p.must(p.trail().AppendEvents(p.ctx(), []store.AuditEvent{p.happened(1, "sign_in", "ok"), p.happened(2, "sign_in", "refused"), several,
		p.happened(4, "sign_up", "ok")}))
	p.clock.Advance(2 * time.Hour)
	p.must(p.trail().AppendEvents(p.ctx(), []store.AuditEvent{p.happened(5, "sign_in", "ok"), p.happened(6, "sign_in", "ok")}))
	p.hours(time.Time{}, "0 sign_in ok 1", "0 sign_in refused 41", "0 sign_up ok 1", "2 sign_in ok 2")
	p.hours(begin.Truncate(time.Hour), "0 sign_in ok 1", "0 sign_in refused 41", "0 sign_up ok 1", "2 sign_in ok 2")
	p.hours(begin, "2 sign_in ok 2")
}

func figuresOnce(p *people) {
	batch := []store.AuditEvent{p.happened(1, "sign_in", "ok"), p.happened(2, "sign_in", "ok")}
	p.must(p.trail().AppendEvents(p.ctx(), batch))
	p.must(p.trail().AppendEvents(p.ctx(), append(batch, p.happened(3, "sign_in", "ok"))))
	p.hours(time.Time{}, "0 sign_in ok 3")
}

func figuresRace(p *people) {
	won := race(func(i int) bool {
		batch := []store.AuditEvent{p.happened(2*i, "a", "ok"), p.happened(2*i+1, "b", "ok")}
		if i%2 == 0 {
			slices.Reverse(batch)
		}
		return p.trail().AppendEvents(p.ctx(), batch) == nil
	})
	if won != racers {
		p.Fatalf("%d of %d batches were stored", won, racers)
	}
	p.hours(time.Time{}, fmt.Sprintf("0 a ok %d", racers), fmt.Sprintf("0 b ok %d", racers))
}

func figuresPurged(p *people) {
	p.must(p.trail().AppendEvents(p.ctx(), []store.AuditEvent{p.happened(1, "sign_in", "ok")}))
	p.must(p.figures().SawSessions(p.ctx(), p.clock.Now(), 7))
	p.clock.Advance(time.Hour)
	p.must(p.trail().AppendEvents(p.ctx(), []store.AuditEvent{p.happened(2, "sign_in", "ok")}))
	p.must(p.figures().SawSessions(p.ctx(), p.clock.Now(), 8))
	p.must(p.trail().PurgeEvents(p.ctx(), p.clock.Now().Truncate(time.Hour)))
	p.hours(time.Time{}, "1 sign_in ok 1")
	if list, err := p.figures().SessionHours(p.ctx(), time.Time{}); err != nil || len(list) != 1 || list[0].Open != 8 {
		p.Errorf("%+v, %v", list, err)
	}
}

func figuresUsers(p *people) {
	var all []store.AuditEvent
	about := func(user, kind, result, reason string) {
		e := p.happened(len(all), kind, result)
		e.UserID, e.Username, e.Reason = user, "name of "+user, reason
		all = append(all, e)
	}
	about("ann", "sign_in", "refused", "too many") // before
	p.clock.Advance(time.Minute)
	since := p.clock.Now()
	for range 2 {
		about("ben", "sign_in", "refused", "too many")
	}
	about("ann", "sign_in", "refused", "too many")
	about("ann", "sign_in", "refused", "wrong password")
	about("ann", "sign_up", "refused", "too many")
	about("", "sign_in", "refused", "too many")
	p.must(p.trail().AppendEvents(p.ctx(), all))
	ask := func(limit int) []store.EventUser {
		list, err := p.figures().EventUsers(p.ctx(), "sign_in", "refused", "too many", since, limit)
		p.must(err)
		for i := range list {
			if !list[i].Last.Equal(since) {
				p.Errorf("last at %v", list[i].Last)
			}
			list[i].Last = time.Time{}
		}
		return list
	}
	ben, ann := store.EventUser{UserID: "ben", Username: "name of ben", Count: 2}, store.EventUser{UserID: "ann", Username: "name of ann", Count: 1}
	if got := ask(5); !reflect.DeepEqual(got, []store.EventUser{ben, ann}) {
		p.Errorf("%+v", got)
	}
	if got := ask(1); !reflect.DeepEqual(got, []store.EventUser{ben}) {
		p.Errorf("%+v", got)
	}
	if list, err := p.figures().EventUsers(p.ctx(), "\x00", "refused", "too many", since, 5); err != nil || len(list) > 0 {
		p.Errorf("%+v, %v", list, err)
	}
}

func figuresSessions(p *people) {
	f := p.figures()
	for _, n := range []int{3, 9, 4} {
		p.must(f.SawSessions(p.ctx(), p.clock.Now(), n))
	}
	p.clock.Advance(time.Hour)
	p.must(f.SawSessions(p.ctx(), p.clock.Now(), 0))
	begin := NewClock().Now().Truncate(time.Hour)
	want := []store.SessionHour{{Hour: begin, Open: 9}, {Hour: begin.Add(time.Hour), Open: 0}}
	for since, want := range map[time.Time][]store.SessionHour{{}: want, begin: want, begin.Add(time.Microsecond): want[1:]} {
		got, err := f.SessionHours(p.ctx(), since)
		p.must(err)
		if !slices.EqualFunc(got, want, func(a, b store.SessionHour) bool { return a.Hour.Equal(b.Hour) && a.Open == b.Open }) {
			p.Errorf("since %v: %+v, want %+v", since, got, want)
		}
	}
}

func figuresRoles(p *people) {
	p.made("ann", "admin")
	p.made("ben", "admin", "writer")
	p.made("carl", "writer")
	dora := p.made("dora")
	dora.GivenRoles = []string{"admin"} // held as well, and assigned to nobody
	_, err := p.s.UpdateUser(p.ctx(), dora)
	p.must(err)
	includes := func(inForce []string) (held []string) {
		held = slices.Clone(inForce)
		if slices.Contains(held, "admin") {
			held = append(held, "writer", "reader")
		}
		slices.Sort(held)
		return slices.Compact(held)
	}
	got, err := p.figures().CountRoles(p.ctx(), includes)
	p.must(err)
	want := map[string]store.RoleCount{"admin": {Assigned: 2, Held: 3}, "writer": {Assigned: 2, Held: 4}, "reader": {Held: 3}}
	if !reflect.DeepEqual(got, want) {
		p.Errorf("%+v, want %+v", got, want)
	}
}

func figuresHolders(p *people) {
	for i := range 6 {
		p.clock.Advance(time.Second)
		roles := []string{"member"}
		if i%2 == 0 {
			roles = append(roles, "writer")
		}
		p.made(fmt.Sprintf("u%d", i*5%6), roles...)
	}
	for _, by := range orders {
		for _, text := range []string{"", "the u"} {
			all := p.pages(store.UserQuery{Sort: by, Role: "writer", Text: text, Limit: 2})
			if len(all) != 3 || !slices.IsSortedFunc(all, compare(by)) {
				p.Errorf("by %q with the text %q: %d holders", by, text, len(all))
			}
		}
		if n, err := p.s.CountUsers(p.ctx(), store.UserQuery{Role: "writer"}, 2); err != nil || n != 2 {
			p.Errorf("%d, %v", n, err)
		}
	}
}
