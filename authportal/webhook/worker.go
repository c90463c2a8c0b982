package webhook

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-auth/gatehouse/internal/loop"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	batch       = 16               // events claimed at once
	parallel    = 4                // of them, posted at once
	claimFor    = time.Minute      // longer than a batch takes: a gateway that is killed gives it back then
	pollEvery   = 5 * time.Second  // for events of other gateways, and those whose time has come
	countEvery  = 30 * time.Second // what waits
	storeFor    = 10 * time.Second // to note what became of a batch
	remindEvery = time.Hour        // that the receiver still fails
)

var (
	pauses  = loop.Backoff{First: time.Second, Longest: 5 * time.Minute, Jitter: 0.2} // after the receiver failed
	retries = loop.Backoff{First: 10 * time.Second, Longest: time.Hour, Jitter: 0.2}  // of one event
)

// Worker sends what waits in the queue. An event is deleted there once the receiver accepted it, and not before: a
// gateway that is killed sends nothing twice but what was on its way, and loses nothing. Several gateways share a
// queue.
//
// While the receiver fails, one event at a time is tried, with longer and longer pauses; all others wait in the queue
// and cost nothing. No sign-in waits for any of it.
type Worker struct {
	Queue store.Deliveries
	Post  func(context.Context, *store.AuditEvent) error // such as [Endpoint.Post]
	Tried func(ok bool)                                  // is called after every try; may be nil
	Now   func() time.Time                               // nil: time.Now
	Log   *slog.Logger                                   // nil: nothing is logged

	making   sync.Once
	wake     loop.Signal
	queue    atomic.Pointer[store.DeliveryQueue] // as last counted
	failures int                                 // of the receiver, one after the other
	since    time.Time                           // of the first of them
	reminded time.Time
	outage   loop.Outage // of the queue
}

func (w *Worker) prepare() {
	w.making.Do(func() {
		w.wake = loop.NewSignal()
		if w.Now == nil {
			w.Now = time.Now
		}
		if w.Log == nil {
			w.Log = slog.New(slog.DiscardHandler)
		}
		w.outage = loop.Outage{Log: w.Log, Failing: "the queue of the webhook cannot be read; events wait until it can",
			Working: "the queue of the webhook is read again"}
		if w.Tried == nil {
			w.Tried = func(bool) {}
		}
	})
}

// Wake makes the worker look at once, unless it pauses. It never waits.
func (w *Worker) Wake() {
	w.prepare()
	w.wake.Send()
}

// Waiting returns what waited when it was last counted, at most half a minute ago; false where it never was.
func (w *Worker) Waiting() (store.DeliveryQueue, bool) {
	if q := w.queue.Load(); q != nil {
		return *q, true
	}
	return store.DeliveryQueue{}, false
}

// Run sends until ctx is done. No failure ends it.
func (w *Worker) Run(ctx context.Context) {
	w.prepare()
	var counting sync.WaitGroup
	counting.Go(func() { w.count(ctx) })
	defer counting.Wait()
	for ctx.Err() == nil {
		now, limit := w.Now(), batch
		if w.failures > 0 {
			limit = 1
		}
		list, err := w.Queue.ClaimDeliveries(ctx, now, now.Add(claimFor), limit)
		w.heard(ctx, err)
		var pause time.Duration
		if len(list) > 0 {
			pause, err = w.send(ctx, list)
		}
		switch {
		case pause > 0:
			loop.Wait(ctx, pause, nil) // nothing may cut it short
		case err != nil || len(list) == 0:
			loop.Wait(ctx, pollEvery, w.wake)
		}
	}
}

// count keeps the numbers for metrics, which must not ask the database at every scrape.
func (w *Worker) count(ctx context.Context) {
	for ctx.Err() == nil {
		if q, err := w.Queue.WaitingDeliveries(ctx); err == nil {
			w.queue.Store(&q)
		}
		loop.Wait(ctx, countEvery, nil)
	}
}

// heard notes whether the queue answers.
func (w *Worker) heard(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil:
		w.outage.Failed(err)
	default:
		w.outage.Worked()
	}
}

// send posts a batch, notes what became of it, and returns how long to pause before the next.
func (w *Worker) send(ctx context.Context, list []store.Delivery) (pause time.Duration, err error) {
	broken := w.post(ctx, list)
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeFor)
	defer cancel()
	if err = w.Queue.SettleDeliveries(noting, list); err != nil {
		w.Log.Warn("what became of events could not be noted; they may be told a second time", "events", len(list), "error", err)
	}
	if ctx.Err() != nil {
		return 0, err
	}
	return w.judge(broken), err
}

// post tries every event of the batch, a few at once, until one shows that the receiver fails. It returns that error.
func (w *Worker) post(ctx context.Context, list []store.Delivery) error {
	group, well := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i := range list {
		d := &list[i]
		group.Go(func() error {
			if well.Err() != nil { // given back untried
				d.Due = w.Now()
				return nil
			}
			return w.try(ctx, d) // what is on its way when another fails may arrive
		})
	}
	return group.Wait()
}

// try posts one event, and returns an error if the receiver is at fault and not the event.
func (w *Worker) try(ctx context.Context, d *store.Delivery) error {
	err := w.Post(ctx, &d.Event)
	if err == nil {
		w.Tried(true)
		d.Done = true
		return nil
	}
	if ctx.Err() != nil { // the end of this process or configuration
		d.Due = w.Now()
		return nil
	}
	w.Tried(false)
	d.Tries, d.Fault = d.Tries+1, err.Error()
	d.Due = w.Now().Add(retries.Pause(d.Tries))
	if answer, ok := errors.AsType[*StatusError](err); ok && answer.aboutEvent() {
		level := slog.LevelDebug
		if d.Tries == 1 {
			level = slog.LevelWarn
		}
		w.Log.Log(ctx, level, "the receiver of the webhook refuses an event; it is tried again", "id", d.Event.ID, "kind", d.Event.Kind,
			"tries", d.Tries, "error", err)
		return nil
	}
	return err
}

// judge logs an outage of the receiver once, then once an hour, and once more when it is over; it returns the pause.
func (w *Worker) judge(broken error) (pause time.Duration) {
	now := w.Now()
	if broken == nil {
		if w.failures > 0 {
			w.Log.Info("the receiver of the webhook takes events again", "failed_for", now.Sub(w.since).Round(time.Second))
		}
		w.failures = 0
		return 0
	}
	w.failures++
	pause = pauses.Pause(w.failures)
	if answer, ok := errors.AsType[*StatusError](broken); ok {
		pause = max(pause, answer.RetryAfter)
	}
	switch {
	case w.failures == 1:
		w.since, w.reminded = now, now
		w.Log.Warn("the webhook fails; events wait until it works", "error", broken)
	case now.Sub(w.reminded) >= remindEvery:
		w.reminded = now
		q, _ := w.Waiting()
		w.Log.Warn("the webhook still fails", "since", w.since, "waiting", q.Waiting, "error", broken)
	}
	return pause
}
