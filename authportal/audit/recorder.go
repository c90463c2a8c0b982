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

// Recorder writes the audit trail. It accepts events without blocking, writes them in batches, buffers them while the
// store is unavailable, and purges old ones. It is safe for concurrent use.
//
// Successful acts are always recorded. Refusals, and messages that anybody can request, cost an attacker nothing and
// the store a row: only a number of each kind is recorded a minute, the rest as a count. A flood of one kind does not
// displace another kind.
type Recorder struct {
	store   store.Audit
	now     func() time.Time
	log     *slog.Logger
	keep    atomic.Int64           // time.Duration
	deliver atomic.Pointer[func()] // nil: events are only stored

	mu      sync.Mutex
	waiting []Event
	lost    int            // events that did not fit, and are in the log only
	minute  time.Time      // in which refusals are counted
	refused map[kindOf]int // in that minute

	wake loop.Signal
	end  context.CancelFunc
	done chan struct{}
}

type kindOf struct{ kind, result string }

const (
	recordBatch   = 256
	recordDelay   = 250 * time.Millisecond // to gather events for one write
	recordTimeout = 5 * time.Second
	refusalsKept  = 300     // of each kind, per minute
	mostWaiting   = 100_000 // events in memory while the store is unavailable, some tens of megabytes
	purgeEvery    = time.Hour

	// DefaultAuditKeep is the default retention of the trail.
	DefaultAuditKeep = 180 * 24 * time.Hour
)

// recordBackoff applies while the store is unavailable.
var recordBackoff = loop.Backoff{First: 2 * recordDelay, Longest: 30 * time.Second}

// NewRecorder returns a started Recorder. now and log may be nil.
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

// NewUnstartedRecorder returns a Recorder that only writes when Write is called.
func NewUnstartedRecorder(s store.Audit, now func() time.Time, log *slog.Logger) *Recorder {
	r := &Recorder{store: s, now: now, log: log, refused: map[kindOf]int{}, wake: loop.NewSignal(),
		done: make(chan struct{})}
	r.keep.Store(int64(DefaultAuditKeep))
	return r
}

// Keep sets the retention of events.
func (r *Recorder) Keep(d time.Duration) { r.keep.Store(int64(d)) }

// Deliver makes the recorder queue events for delivery as well, and call wake, which must not block, after each write.
// A nil wake ends that. It is an error if the store has no delivery queue.
func (r *Recorder) Deliver(wake func()) error {
	if wake == nil {
		r.deliver.Store(nil)
		return nil
	}
	if _, ok := r.store.(store.Deliveries); !ok {
		return errors.New("the users store has no delivery queue")
	}
	r.deliver.Store(&wake)
	return nil
}

// Record accepts an event. It does not block.
func (r *Recorder) Record(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if (e.Result == ResultRefused || e.Kind == EventLetter) && !r.room(kindOf{e.Kind, e.Result}) {
		return
	}
	r.add(e)
}

// room counts an event against the budget of its kind, and reports whether to record it.
func (r *Recorder) room(kind kindOf) bool {
	if minute := r.now().Truncate(time.Minute); !minute.Equal(r.minute) {
		r.recordCounts()
		r.minute = minute
	}
	r.refused[kind]++
	return r.refused[kind] <= refusalsKept
}

// recordCounts records the counts of a minute that is over.
func (r *Recorder) recordCounts() {
	for kind, n := range r.refused {
		if n -= refusalsKept; n > 0 {
			r.add(Event{ID: newEventID(), Time: r.minute.UTC(), Kind: kind.kind, Result: kind.result,
				Reason: strconv.Itoa(n) + " more in this minute",
				Times:  n})
		}
	}
	clear(r.refused)
}

// add queues an event. By its id, a batch that is written twice is stored once.
func (r *Recorder) add(e Event) {
	if len(r.waiting) >= mostWaiting {
		if r.lost++; r.lost == 1 {
			r.log.Error("the audit trail is unavailable and its buffer is full; new events are in the log only")
		}
		return
	}
	r.waiting = append(r.waiting, e)
	r.wake.Send()
}

// recordGap records in the trail that events are missing, as soon as there is room.
func (r *Recorder) recordGap() {
	if n := r.lost; n > 0 {
		r.lost = 0
		r.add(Event{ID: newEventID(), Time: r.now().UTC(), Kind: EventAuditGap, Result: ResultFailed,
			Reason: strconv.Itoa(n) + " events are in the log only"})
	}
}

func (r *Recorder) run(ctx context.Context) {
	defer close(r.done)
	purge := time.NewTimer(time.Minute) // not at once, to keep the start fast
	defer purge.Stop()
	outage := loop.Outage{Log: r.log, Severe: true,
		Failing: "writing the audit trail failed; events wait in memory",
		Working: "writing the audit trail works again"}
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

// Write stores the oldest batch, and then removes it from memory.
func (r *Recorder) Write(ctx context.Context) (more bool, err error) {
	r.mu.Lock()
	if !r.minute.IsZero() && !r.now().Truncate(time.Minute).Equal(r.minute) {
		r.recordCounts()
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
	r.recordGap()
	return len(r.waiting) > 0, nil
}

func (r *Recorder) append(ctx context.Context, batch []Event) error {
	wake := r.deliver.Load()
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
		r.log.Warn("purging the audit trail failed", "error", err)
	}
}

// Close stops the recorder and writes the waiting events.
func (r *Recorder) Close() error {
	r.end()
	<-r.done
	r.mu.Lock()
	r.recordCounts()
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
