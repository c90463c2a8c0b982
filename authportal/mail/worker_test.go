package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// box is an outbox in memory.
type box struct {
	mu   sync.Mutex
	list []store.Mail
	away error
}

func (b *box) QueueMail(_ context.Context, m store.Mail) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append(b.list, m)
	return nil
}

func (b *box) ClaimMail(_ context.Context, now, until time.Time, limit int) (out []store.Mail, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.list {
		if m := &b.list[i]; !m.Due.After(now) && len(out) < limit && b.away == nil {
			m.Due = until
			m.Tries++
			out = append(out, *m)
		}
	}
	return out, b.away
}

func (b *box) RetryMail(_ context.Context, id string, due time.Time, fault string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.list {
		if b.list[i].ID == id {
			b.list[i].Due, b.list[i].Fault = due, fault
			return nil
		}
	}
	return store.ErrNotFound
}

func (b *box) DoneMail(_ context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = slices.DeleteFunc(b.list, func(m store.Mail) bool { return m.ID == id })
	return nil
}

func (b *box) WaitingMail(context.Context) (int, time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.list), time.Time{}, nil
}

func (b *box) FailingMail(context.Context) (store.MailFailure, error) {
	return store.MailFailure{}, nil
}

func (b *box) all() []store.Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.list)
}

func (b *box) only(t *testing.T) store.Mail {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.list) != 1 {
		t.Fatalf("%d messages wait, want 1", len(b.list))
	}
	return b.list[0]
}

func (b *box) empty() bool {
	n, _, _ := b.WaitingMail(context.Background())
	return n == 0
}

// office is a worker at work in a bubble of synctest, whose time is the test's.
type office struct {
	*Worker
	box  *box
	mu   sync.Mutex
	sent []Message
	at   []time.Time
	send func(ctx context.Context, n int) error // nil: succeeds; n counts from 1
	log  bytes.Buffer
	stop func() // and wait

	queued int // messages so far, by the test
}

func open(t *testing.T, send func(ctx context.Context, n int) error) *office {
	o := &office{box: &box{}, send: send}
	o.Worker = &Worker{Outbox: o.box, Log: slog.New(slog.NewTextHandler(&o.log, nil)),
		Compose: func(_ context.Context, m store.Mail) (*Message, error) {
			switch m.Kind {
			case "nobody":
				return nil, nil
			case "panic":
				panic("oops")
			case "unknown":
				return nil, errors.New("no such message")
			}
			return &Message{To: m.To, Subject: "subject-s3cret", Text: "text-s3cret"}, nil
		},
		Send: func(ctx context.Context, m *Message) error {
			o.mu.Lock()
			o.sent, o.at = append(o.sent, *m), append(o.at, time.Now())
			n := len(o.sent)
			o.mu.Unlock()
			if o.send == nil {
				return nil
			}
			return o.send(ctx, n)
		}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); o.Run(ctx) }()
	o.stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(o.stop)
	return o
}

// tries returns what was tried so far, and when.
func (o *office) tries() ([]Message, []time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.sent), slices.Clone(o.at)
}

// queue gives each message an id of its own: the worker may have taken those before by now.
func (o *office) queue(kind string) {
	_ = Waking(o.box, o.Wake).QueueMail(context.Background(), store.Mail{ID: fmt.Sprint(kind, o.queued), Kind: kind,
		To: "ann@example.org", Created: time.Now(), Due: time.Now()})
	o.queued++
}

func TestAMessageLeavesAtOnceAndIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil)
		synctest.Wait()
		began := time.Now()
		o.queue("confirm")
		o.queue("nobody")
		synctest.Wait()
		if sent, _ := o.tries(); len(sent) != 1 || !time.Now().Equal(began) || !o.box.empty() || sent[0].ID != "confirm0" {
			t.Errorf("sent %+v after %s; %+v wait", sent, time.Since(began), o.box.all())
		}
		o.stop()
		if strings.Contains(o.log.String(), "s3cret") {
			t.Error("the log quotes the message")
		}
	})
}

func TestMessagesOfOtherGatewaysAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil)
		synctest.Wait()
		_ = o.box.QueueMail(t.Context(), store.Mail{ID: "x", Kind: "confirm", To: "a@b.c", Created: time.Now(), Due: time.Now()})
		time.Sleep(pollEvery)
		synctest.Wait()
		if !o.box.empty() {
			t.Error("a message still waits")
		}
	})
}

func TestAFailedMessageIsTriedAgainEverMoreRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, func(context.Context, int) error { return errors.New("the server is away") })
		o.queue("confirm")
		time.Sleep(giveUp - time.Hour)
		synctest.Wait()
		if m := o.box.only(t); m.Fault != "the server is away" {
			t.Errorf("the fault is %q", m.Fault)
		}
		_, at := o.tries()
		for i := 1; i < len(at); i++ {
			least := retry.Longest
			if i < 8 {
				least = retry.First << (i - 1)
			}
			gap := at[i].Sub(at[i-1])
			if gap < least || gap > least+least/5+pollEvery {
				t.Errorf("try %d came %s after the one before", i+1, gap)
			}
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if !o.box.empty() {
			t.Error("after three days it still waits")
		}
		o.stop()
		if n := strings.Count(o.log.String(), "level=WARN"); n != 2 { // the first fault, and giving up
			t.Errorf("%d warnings:\n%s", n, o.log.String())
		}
	})
}

func TestWhatCannotBeSentIsKeptOrGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, func(_ context.Context, n int) error { return fmt.Errorf("%w: 550 5.1.1", ErrRefused) })
		o.queue("confirm")
		synctest.Wait()
		if !o.box.empty() {
			t.Error("a message that was refused for good still waits")
		}
		for _, kind := range []string{"unknown", "panic"} {
			o.queue(kind)
			synctest.Wait()
			if m := o.box.only(t); m.Fault == "" || m.Tries != 1 {
				t.Errorf("%+v", m)
			}
			_ = o.box.DoneMail(t.Context(), o.box.only(t).ID)
		}
	})
}

func TestASlowServerDelaysNoOtherMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, func(ctx context.Context, n int) error {
			if n < parallel { // all slots but one
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		for range 20 {
			o.queue("confirm")
		}
		time.Sleep(pollEvery)
		synctest.Wait()
		if sent, _ := o.tries(); len(sent) != 20 || len(o.box.all()) != parallel-1 {
			t.Errorf("%d of 20 were tried, %d wait", len(sent), len(o.box.all()))
		}
		time.Sleep(tryFor)
		synctest.Wait()
		for _, m := range o.box.all() {
			if m.Fault == "" {
				t.Errorf("%+v is still on its way", m)
			}
		}
	})
}

func TestTheEndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() })
		o.queue("confirm")
		synctest.Wait()
		began := time.Now()
		o.stop()
		if took := time.Since(began); took != grace {
			t.Errorf("the end took %s", took)
		}
		if m := o.box.only(t); m.Due.After(time.Now()) {
			t.Errorf("the message waits until %s", m.Due)
		}
	})
}

func TestAnOutageOfTheOutboxIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil)
		o.box.mu.Lock()
		o.box.away = store.ErrUnavailable
		o.box.mu.Unlock()
		o.queue("confirm")
		time.Sleep(10 * pollEvery)
		o.box.mu.Lock()
		o.box.away = nil
		o.box.mu.Unlock()
		time.Sleep(2 * pollEvery)
		synctest.Wait()
		o.stop()
		if !o.box.empty() || strings.Count(o.log.String(), "cannot be read") != 1 || strings.Count(o.log.String(), "read again") != 1 {
			t.Errorf("log:\n%s", o.log.String())
		}
	})
}
