package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// OutboxHandle is a users store that keeps mail as well.
type OutboxHandle interface {
	store.Outbox
	Close() error
}

// OutboxHarness is what a driver gives the suite: one set of data and a way to reach it.
type OutboxHarness struct {
	// Open opens a handle on the data, as in [UsersHarness].
	Open func(t *testing.T) OutboxHandle
}

// Outbox holds an outbox of mail against package store. fresh is called once for every test, and returns data that is
// empty and that no other test uses.
func Outbox(t *testing.T, fresh func(t *testing.T) OutboxHarness) {
	tests := []struct {
		name string
		run  func(*messages)
	}{
		{"a message is claimed as it was queued", mailReadBack},
		{"an id is used once", mailTaken},
		{"what is not due is not claimed", mailNotDue},
		{"the oldest messages are claimed first", mailOrder},
		{"a claimed message comes back when its time is over", mailComesBack},
		{"a message that is given back is due when it was said to be", mailRetry},
		{"a message that is done is gone", mailDone},
		{"messages that failed are told until they are sent", mailFailing},
		{"of racing claims each message is in one", mailClaimRace},
		{"reopening keeps every message", mailReopening},
		{"every call after closing is ErrClosed", mailAfterClose},
		{"a cancelled call fails and changes nothing", mailCancelled},
		{"text that no database can hold loses no message", mailOddText},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := &messages{world: &world{T: t, clock: NewClock()}, h: fresh(t)}
			l.s = l.openOutbox()
			test.run(l)
		})
	}
}

// messages is one test's data, clock and first handle.
type messages struct {
	*world
	h OutboxHarness
	s OutboxHandle
}

func (l *messages) openOutbox() OutboxHandle {
	l.Helper()
	s := l.h.Open(l.T)
	l.Cleanup(func() { _ = s.Close() })
	return s
}

// queued stores a message that is due now.
func (l *messages) queued(kind string) store.Mail {
	l.Helper()
	m := store.Mail{ID: newID(), Kind: kind, To: "ann@example.com", Payload: []byte(`{"user":"x"}`), Created: l.clock.Now(),
		Due: l.clock.Now()}
	l.must(l.s.QueueMail(l.ctx(), m))
	return m
}

// claim claims for a minute and fails unless it gets messages of these ids, in order.
func (l *messages) claim(limit int, want ...string) []store.Mail {
	l.Helper()
	got, err := l.s.ClaimMail(l.ctx(), l.clock.Now(), l.clock.Now().Add(time.Minute), limit)
	l.must(err)
	var ids []string
	for _, m := range got {
		ids = append(ids, m.ID)
	}
	if fmt.Sprint(ids) != fmt.Sprint(want) {
		l.Fatalf("claimed %v, want %v", ids, want)
	}
	return got
}

func (l *messages) wait(want int, oldest time.Time) {
	l.Helper()
	n, since, err := l.s.WaitingMail(l.ctx())
	l.must(err)
	if n != want || !since.Equal(oldest) || since.IsZero() != oldest.IsZero() {
		l.Fatalf("%d messages wait since %v, want %d since %v", n, since, want, oldest)
	}
}

func mailReadBack(l *messages) {
	l.wait(0, time.Time{})
	want := store.Mail{ID: newID(), Kind: "reset", To: "ünï@example.com", Payload: []byte("{\"a\":\"\x00\xff\"}"),
		Created: l.clock.Now(), Due: l.clock.Now().Add(-time.Second), Tries: 3, Fault: "the server was away"}
	l.must(l.s.QueueMail(l.ctx(), want))
	l.wait(1, want.Created)
	got := l.claim(5, want.ID)[0]
	want.Tries++
	want.Due = l.clock.Now().Add(time.Minute)
	if !got.Created.Equal(want.Created) || !got.Due.Equal(want.Due) {
		l.Fatalf("claimed a message of %v due %v, want %v, %v", got.Created, got.Due, want.Created, want.Due)
	}
	got.Created, got.Due = want.Created, want.Due
	if !reflect.DeepEqual(got, want) {
		l.Fatalf("got\n%+v, want\n%+v", got, want)
	}
	l.wait(1, want.Created)
}

func mailTaken(l *messages) {
	m := l.queued("confirm")
	m.Kind = "reset"
	l.wantErr(l.s.QueueMail(l.ctx(), m), store.ErrTaken, "queuing an id twice")
	if got := l.claim(5, m.ID); got[0].Kind != "confirm" {
		l.Fatalf("the message became %q", got[0].Kind)
	}
}

func mailNotDue(l *messages) {
	m := l.queued("confirm")
	later := store.Mail{ID: newID(), Kind: "confirm", To: "ben@example.com", Created: l.clock.Now(),
		Due: l.clock.Now().Add(time.Second)}
	l.must(l.s.QueueMail(l.ctx(), later))
	l.claim(5, m.ID)
	l.claim(5)
	l.clock.Advance(time.Second)
	l.claim(0)
	l.claim(5, later.ID)
}

func mailOrder(l *messages) {
	var ids []string
	for range 5 {
		ids = append(ids, l.queued("confirm").ID)
		l.clock.Advance(time.Second)
	}
	l.claim(2, ids[:2]...)
	l.claim(2, ids[2:4]...)
	l.claim(2, ids[4])
	l.claim(2)
}

func mailComesBack(l *messages) {
	other := l.openOutbox()
	m := l.queued("confirm")
	l.claim(5, m.ID)
	l.clock.Advance(time.Minute - time.Microsecond)
	l.claim(5)
	l.clock.Advance(time.Microsecond)
	got, err := other.ClaimMail(l.ctx(), l.clock.Now(), l.clock.Now().Add(time.Minute), 5)
	l.must(err)
	if len(got) != 1 || got[0].ID != m.ID || got[0].Tries != 2 {
		l.Fatalf("claimed %+v, want the message for its second try", got)
	}
}

func mailRetry(l *messages) {
	m := l.queued("confirm")
	l.claim(5, m.ID)
	l.must(l.s.RetryMail(l.ctx(), m.ID, l.clock.Now().Add(2*time.Second), "451 later"))
	l.claim(5)
	l.clock.Advance(2 * time.Second)
	if got := l.claim(5, m.ID)[0]; got.Fault != "451 later" || got.Tries != 2 {
		l.Fatalf("claimed %+v, want the fault and the second try", got)
	}
	l.must(l.s.DoneMail(l.ctx(), m.ID))
	l.wantErr(l.s.RetryMail(l.ctx(), m.ID, l.clock.Now(), ""), store.ErrNotFound, "giving back what is done")
	l.claim(5)
}

func mailDone(l *messages) {
	m, stays := l.queued("confirm"), l.queued("reset")
	l.must(l.s.DoneMail(l.ctx(), m.ID))
	l.must(l.s.DoneMail(l.ctx(), m.ID))
	l.must(l.s.DoneMail(l.ctx(), "nobody's"))
	l.wait(1, stays.Created)
	l.claim(5, stays.ID)
	l.must(l.s.DoneMail(l.ctx(), stays.ID))
	l.wait(0, time.Time{})
}

// mailClaimRace lets two gateways claim at once until nothing is left.
func mailFailing(l *messages) {
	failing := func(n int, oldest time.Time, fault string) {
		l.Helper()
		f, err := l.s.FailingMail(l.ctx())
		l.must(err)
		if f.Count != n || !f.Oldest.Equal(oldest) || f.Fault != fault {
			l.Fatalf("%+v, want %d since %v: %q", f, n, oldest, fault)
		}
	}
	l.queued("confirm")
	failing(0, time.Time{}, "")
	l.clock.Advance(time.Second)
	first := l.queued("reset")
	l.clock.Advance(time.Second)
	second := l.queued("reset")
	l.must(l.s.RetryMail(l.ctx(), first.ID, l.clock.Now().Add(time.Minute), "no answer"))
	l.must(l.s.RetryMail(l.ctx(), second.ID, l.clock.Now().Add(time.Hour), "refused"))
	failing(2, first.Created, "refused")
	l.must(l.s.DoneMail(l.ctx(), second.ID))
	failing(1, first.Created, "no answer")
}

func mailClaimRace(l *messages) {
	const queued = 200
	other := l.openOutbox()
	for range queued {
		l.queued("confirm")
	}
	var (
		mu  sync.Mutex
		got = map[string]int{}
	)
	now := l.clock.Now()
	race(func(i int) bool {
		s := l.s
		if i%2 == 1 {
			s = other
		}
		for {
			list, err := s.ClaimMail(l.ctx(), now, now.Add(time.Minute), 3)
			if errors.Is(err, store.ErrUnavailable) {
				continue // a busy machine
			}
			if err != nil {
				l.Errorf("claiming: %v", err)
				return false
			}
			mu.Lock()
			for _, m := range list {
				got[m.ID]++
			}
			all := len(got) == queued
			mu.Unlock()
			if all {
				return true
			}
		}
	})
	for id, n := range got {
		if n != 1 {
			l.Errorf("%s was claimed %d times", id, n)
		}
	}
}

func mailReopening(l *messages) {
	m, second := l.queued("confirm"), l.queued("reset")
	l.must(l.s.RetryMail(l.ctx(), second.ID, l.clock.Now().Add(time.Second), "later"))
	l.claim(5, m.ID)
	l.must(l.s.Close())

	l.s = l.openOutbox()
	l.wait(2, m.Created)
	l.claim(5)
	l.clock.Advance(time.Second)
	l.claim(5, second.ID)
	l.clock.Advance(time.Minute)
	l.wait(2, m.Created)
}

func (l *messages) calls(s store.Outbox) map[string]func(context.Context) error {
	m := store.Mail{ID: newID(), Kind: "confirm", To: "ann@example.com", Created: l.clock.Now(), Due: l.clock.Now()}
	return map[string]func(context.Context) error{
		"QueueMail": func(ctx context.Context) error { return s.QueueMail(ctx, m) },
		"ClaimMail": func(ctx context.Context) error {
			_, err := s.ClaimMail(ctx, l.clock.Now(), l.clock.Now().Add(time.Minute), 5)
			return err
		},
		"RetryMail":   func(ctx context.Context) error { return s.RetryMail(ctx, m.ID, l.clock.Now(), "") },
		"DoneMail":    func(ctx context.Context) error { return s.DoneMail(ctx, m.ID) },
		"WaitingMail": func(ctx context.Context) error { _, _, err := s.WaitingMail(ctx); return err },
		"FailingMail": func(ctx context.Context) error { _, err := s.FailingMail(ctx); return err },
	}
}

func mailAfterClose(l *messages) {
	other := l.openOutbox()
	m := l.queued("confirm")
	l.must(other.Close())
	for name, call := range l.calls(other) {
		l.wantErr(call(l.ctx()), store.ErrClosed, name)
	}
	l.claim(5, m.ID)
}

func mailCancelled(l *messages) {
	m := l.queued("confirm")
	ctx, cancel := context.WithCancel(l.ctx())
	cancel()
	for name, call := range l.calls(l.s) {
		if err := call(ctx); !errors.Is(err, context.Canceled) {
			l.Fatalf("%s with a cancelled context: %v", name, err)
		}
	}
	l.wait(1, m.Created)
	l.claim(5, m.ID)
}

func mailOddText(l *messages) {
	m := l.queued("confirm")
	odd := m
	odd.ID, odd.To = newID(), "a\x00b@example.com"
	if err := l.s.QueueMail(l.ctx(), odd); err == nil || errors.Is(err, store.ErrUnavailable) {
		l.Fatalf("queuing a message to an address with NUL: %v", err)
	}
	l.claim(5, m.ID)
	l.must(l.s.RetryMail(l.ctx(), m.ID, l.clock.Now(), "the server said \xff\x00"))
	l.claim(5, m.ID)
	l.wantErr(l.s.RetryMail(l.ctx(), "\x00", l.clock.Now(), ""), store.ErrNotFound, "an odd id")
	l.must(l.s.DoneMail(l.ctx(), "\x00"))
	l.wait(1, m.Created)
}
