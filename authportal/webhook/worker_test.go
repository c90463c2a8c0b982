package webhook

import (
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

// queue is one in memory that can fail.
type queue struct {
	mu   sync.Mutex
	list map[string]store.Delivery
	fail error
}

func (q *queue) AppendForDelivery(_ context.Context, events []store.AuditEvent) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range events {
		q.list[e.ID] = store.Delivery{Event: e, Due: e.Time}
	}
	return nil
}

func (q *queue) ClaimDeliveries(_ context.Context, now, until time.Time, limit int) (out []store.Delivery, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.fail != nil {
		return nil, q.fail
	}
	for _, d := range q.list {
		if !d.Due.After(now) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b store.Delivery) int {
		if c := a.Due.Compare(b.Due); c != 0 {
			return c
		}
		return strings.Compare(a.Event.ID, b.Event.ID)
	})
	out = out[:min(limit, len(out))]
	for _, d := range out {
		d.Due = until
		q.list[d.Event.ID] = d
	}
	return out, nil
}

func (q *queue) SettleDeliveries(_ context.Context, list []store.Delivery) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.fail != nil {
		return q.fail
	}
	for _, d := range list {
		if _, there := q.list[d.Event.ID]; !there {
			continue
		}
		if q.list[d.Event.ID] = d; d.Done {
			delete(q.list, d.Event.ID)
		}
	}
	return nil
}

func (q *queue) WaitingDeliveries(context.Context) (store.DeliveryQueue, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return store.DeliveryQueue{Waiting: len(q.list)}, nil
}

func (q *queue) left() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list)
}

func (q *queue) delivery(id string) store.Delivery {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.list[id]
}

// receiver takes events, or does not.
type receiver struct {
	mu    sync.Mutex
	taken []string
	tries int
	fault func(id string) error // nil: takes all
}

func (r *receiver) post(_ context.Context, e *store.AuditEvent) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries++
	if r.fault != nil {
		if err := r.fault(e.ID); err != nil {
			return err
		}
	}
	r.taken = append(r.taken, e.ID)
	return nil
}

func (r *receiver) fails(f func(id string) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault, r.tries = f, 0
}

func (r *receiver) tried() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tries
}

func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.taken)
}

type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

// run runs a worker over a queue of n events until test is over.
func run(t *testing.T, n int, fault func(id string) error, test func(*Worker, *queue, *receiver, *lines)) {
	synctest.Test(t, func(t *testing.T) {
		q, r, log := &queue{list: map[string]store.Delivery{}}, &receiver{fault: fault}, &lines{}
		for i := range n {
			_ = q.AppendForDelivery(t.Context(), []store.AuditEvent{{ID: fmt.Sprintf("%04d", i), Time: time.Now(), Kind: "sign_in"}})
		}
		w := &Worker{Queue: q, Post: r.post, Log: slog.New(slog.NewTextHandler(log, nil))}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.Run(ctx)
		}()
		test(w, q, r, log)
		cancel()
		<-ended
	})
}

func TestEveryEventIsSentOnce(t *testing.T) {
	run(t, 100, nil, func(w *Worker, q *queue, r *receiver, _ *lines) {
		time.Sleep(time.Second)
		_ = q.AppendForDelivery(t.Context(), []store.AuditEvent{{ID: "late", Time: time.Now()}})
		w.Wake()
		synctest.Wait()
		taken := r.got()
		slices.Sort(taken)
		if len(slices.Compact(taken)) != 101 || r.tried() != 101 || q.left() != 0 {
			t.Errorf("%d sent in %d tries, %d left", len(r.got()), r.tried(), q.left())
		}
	})
}

// A receiver that is down for a day must cost neither a flood of tries nor one of log lines, and lose nothing.
func TestAReceiverThatIsDownForADayMissesNothing(t *testing.T) {
	down := func(string) error { return &StatusError{Status: 503} }
	run(t, 1000, down, func(w *Worker, q *queue, r *receiver, log *lines) {
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if r.tried() > 400 || q.left() != 1000 {
			t.Errorf("%d tries, %d left", r.tried(), q.left())
		}
		if n := log.count("level=WARN"); n < 20 || n > 26 {
			t.Errorf("%d warnings", n)
		}
		r.fails(nil)
		time.Sleep(retries.Longest + pauses.Longest*2)
		synctest.Wait()
		if len(r.got()) != 1000 || q.left() != 0 || log.count("takes events again") != 1 {
			t.Errorf("%d sent, %d left", len(r.got()), q.left())
		}
	})
}

func TestRetryAfterIsObeyed(t *testing.T) {
	busy := func(string) error { return &StatusError{Status: 429, RetryAfter: 4 * time.Minute} }
	run(t, 1, busy, func(w *Worker, q *queue, r *receiver, _ *lines) {
		time.Sleep(time.Second)
		r.fails(nil)
		_ = q.AppendForDelivery(t.Context(), []store.AuditEvent{{ID: "late", Time: time.Now()}})
		w.Wake()
		time.Sleep(3 * time.Minute)
		if r.tried() != 0 {
			t.Errorf("%d tries", r.tried())
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if q.left() != 0 {
			t.Errorf("%d left", q.left())
		}
	})
}

// One event that the receiver rejects must not keep the others from it.
func TestAnEventThatIsRefusedHoldsUpNoOther(t *testing.T) {
	picky := func(id string) error {
		if id == "0003" {
			return &StatusError{Status: 400}
		}
		return nil
	}
	run(t, 50, picky, func(w *Worker, q *queue, r *receiver, log *lines) {
		time.Sleep(time.Second)
		synctest.Wait()
		if len(r.got()) != 49 || q.left() != 1 {
			t.Errorf("%d sent, %d left", len(r.got()), q.left())
		}
		time.Sleep(time.Hour)
		if log.count("level=WARN") != 1 || r.tried() > 70 {
			t.Errorf("%d warnings, %d tries", log.count("level=WARN"), r.tried())
		}
		d := q.delivery("0003")
		if d.Fault != "the receiver answered 400" || d.Tries < 5 {
			t.Errorf("%+v", d)
		}
	})
}

func TestAQueueThatDoesNotRespondIsWaitedFor(t *testing.T) {
	run(t, 1, func(string) error { return errors.New("down") }, func(w *Worker, q *queue, r *receiver, log *lines) {
		q.mu.Lock()
		q.fail = store.ErrUnavailable
		q.mu.Unlock()
		time.Sleep(time.Hour)
		q.mu.Lock()
		q.fail = nil
		q.mu.Unlock()
		r.fails(nil)
		time.Sleep(retries.Longest)
		synctest.Wait()
		if q.left() != 0 || log.count("queue of the webhook cannot be read") != 1 || log.count("is read again") != 1 {
			t.Errorf("%d left, log %s", q.left(), log.text.String())
		}
	})
}

// What is on its way when the configuration ends is due again at once, for the next worker.
func TestWhatIsCutOffAtTheEndIsGivenBackUntried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queue{list: map[string]store.Delivery{}}
		_ = q.AppendForDelivery(t.Context(), []store.AuditEvent{{ID: "a", Time: time.Now()}, {ID: "b", Time: time.Now()}})
		w := &Worker{Queue: q, Post: func(ctx context.Context, _ *store.AuditEvent) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { time.Sleep(time.Second); cancel() }()
		w.Run(ctx)
		for id, d := range q.list {
			if d.Tries != 0 || d.Due.After(time.Now()) {
				t.Errorf("%s: %+v", id, d)
			}
		}
		if q.left() != 2 {
			t.Errorf("%d left", q.left())
		}
	})
}
