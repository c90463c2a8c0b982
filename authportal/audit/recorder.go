package audit

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-auth/gatehouse/internal/loop"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Recorder keeps the audit trail: it takes every event without making anybody wait, writes them in batches, keeps them
// while the store is away, and forgets them when they are old. It is safe for concurrent use.
//
// What was done is kept, whatever it takes. What was refused, and letters that anybody may ask for, cost a stranger
// nothing and us a row, so that only so many of each kind are kept a minute; the others are counted, and the count is
// kept instead. A flood of one kind hides none of another.
type Recorder struct {
	store store.Audit
	now   func() time.Time
	log   *slog.Logger
	keep  atomic.Int64           // time.Duration
	told  atomic.Pointer[func()] // nil: events are kept and told to nobody

	mu      sync.Mutex
	waiting []Event
	lost    int            // what did not fit, and is in the log only
	minute  time.Time      // that refusals are counted in
	refused map[kindOf]int // in that minute

	wake loop.Signal
	end  context.CancelFunc
	done chan struct{}
}

type kindOf struct{ kind, result string }

const (
	recordBatch   = 256
	recordDelay   = 250 * time.Millisecond // for which events are gathered into one write
	recordTimeout = 5 * time.Second
	refusalsKept  = 300     // of a kind, a minute
	mostWaiting   = 100_000 // events in memory while the store is away, some tens of megabytes
	purgeEvery    = time.Hour

	// DefaultAuditKeep is how long the trail is kept where nothing is configured.
	DefaultAuditKeep = 180 * 24 * time.Hour
)

// recordBackoff is for while the store is away.
var recordBackoff = loop.Backoff{First: 2 * recordDelay, Longest: 30 * time.Second}

// NewRecorder starts one. now and log may be nil.
func NewRecorder(s store.Audit, now func() time.Time, log *slog.Logger) *Recorder {
	if now == nil {
		now = time.Now
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := NewUnstartedRecorder(s, now, log)
	ctx, end := context.WithCancel(context.Background())
	r.end = end
	go r.run(ctx)
	return r
}

// NewUnstartedRecorder makes one that writes only when it is told to.
func NewUnstartedRecorder(s store.Audit, now func() time.Time, log *slog.Logger) *Recorder {
	r := &Recorder{store: s, now: now, log: log, refused: map[kindOf]int{}, wake: loop.NewSignal(), done: make(chan struct{})}
	r.keep.Store(int64(DefaultAuditKeep))
	return r
}

// Keep says for how long events are kept from now on.
func (r *Recorder) Keep(d time.Duration) { r.keep.Store(int64(d)) }

// Deliver says whether events are queued to be told elsewhere from now on: wake, which must not block, is called when
// some were. nil: they are not. It is an error where the store has no such queue.
func (r *Recorder) Deliver(wake func()) error {
	if wake == nil {
		r.told.Store(nil)
		return nil
	}
	if _, ok := r.store.(store.Deliveries); !ok {
		return errors.New("this users store cannot remember what was not told yet")
	}
	r.told.Store(&wake)
	return nil
}

// Record takes an event. It does not block.
func (r *Recorder) Record(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if (e.Result == ResultRefused || e.Kind == EventLetter) && !r.room(kindOf{e.Kind, e.Result}) {
		return
	}
	r.add(e)
}

// room counts a refusal, and reports whether it is kept.
func (r *Recorder) room(kind kindOf) bool {
	if minute := r.now().Truncate(time.Minute); !minute.Equal(r.minute) {
		r.tellLeft()
		r.minute = minute
	}
	r.refused[kind]++
	return r.refused[kind] <= refusalsKept
}

// tellLeft keeps what was only counted, once its minute is over.
func (r *Recorder) tellLeft() {
	for kind, n := range r.refused {
		if n -= refusalsKept; n > 0 {
			r.add(Event{ID: newEventID(), Time: r.minute.UTC(), Kind: kind.kind, Result: kind.result,
				Reason: strconv.Itoa(n) + " more in this minute",
				Times:  n})
		}
	}
	clear(r.refused)
}

// add queues an event. Its id is its own, so that a batch that is sent twice is stored once.
func (r *Recorder) add(e Event) {
	if len(r.waiting) >= mostWaiting {
		if r.lost++; r.lost == 1 {
			r.log.Error("the audit trail could not be written for so long that its events do not fit into memory any more; what comes now is in the log only")
		}
		return
	}
	r.waiting = append(r.waiting, e)
	r.wake.Send()
}

// tellLost says in the trail itself that it has a gap, as soon as there is room for it.
func (r *Recorder) tellLost() {
	if n := r.lost; n > 0 {
		r.lost = 0
		r.add(Event{ID: newEventID(), Time: r.now().UTC(), Kind: EventAuditGap, Result: ResultFailed,
			Reason: strconv.Itoa(n) + " events are in the log only"})
	}
}

func (r *Recorder) run(ctx context.Context) {
	defer close(r.done)
	purge := time.NewTimer(time.Minute) // not at once: a start has other things to do
	defer purge.Stop()
	outage := loop.Outage{Log: r.log, Severe: true,
		Failing: "the audit trail cannot be written; its events wait in memory",
		Working: "the audit trail is written again"}
	for {
		select {
		case <-ctx.Done():
			return
		case <-purge.C:
			r.purge(ctx)
			purge.Reset(purgeEvery)
			continue
		case <-r.wake:
		}
		loop.Wait(ctx, recordDelay, nil)
		for ctx.Err() == nil {
			more, err := r.Write(ctx)
			if err != nil && ctx.Err() == nil {
				loop.Wait(ctx, recordBackoff.Pause(outage.Failed(err)), nil)
				continue
			}
			if err == nil {
				outage.Worked()
			}
			if !more {
				break
			}
		}
	}
}

// Write stores one batch, the oldest; only then it is forgotten here.
func (r *Recorder) Write(ctx context.Context) (more bool, err error) {
	r.mu.Lock()
	if !r.minute.IsZero() && !r.now().Truncate(time.Minute).Equal(r.minute) {
		r.tellLeft()
	}
	batch := r.waiting[:min(recordBatch, len(r.waiting))]
	r.mu.Unlock()
	if len(batch) == 0 {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	if err := r.append(ctx, batch); err != nil {
		return true, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = r.waiting[len(batch):]
	r.tellLost()
	return len(r.waiting) > 0, nil
}

func (r *Recorder) append(ctx context.Context, batch []Event) error {
	wake := r.told.Load()
	if wake == nil {
		return r.store.AppendEvents(ctx, batch)
	}
	err := r.store.(store.Deliveries).AppendForDelivery(ctx, batch)
	(*wake)()
	return err
}

func (r *Recorder) purge(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := r.store.PurgeEvents(ctx, r.now().Add(-time.Duration(r.keep.Load())))
	if err != nil && !errors.Is(err, store.ErrClosed) && !errors.Is(err, context.Canceled) {
		r.log.Warn("old events of the audit trail are still there", "error", err)
	}
}

// Close writes what waits, as far as the store lets it.
func (r *Recorder) Close() error {
	r.end()
	<-r.done
	r.mu.Lock()
	r.tellLeft()
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), recordTimeout)
	defer cancel()
	for {
		more, err := r.Write(ctx)
		if err != nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.log.Error("events are missing in the audit trail", "events", len(r.waiting), "error", err)
			return err
		}
		if !more {
			return nil
		}
	}
}
