package authportal

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Recorder keeps the audit trail: it takes every event without making anybody wait, writes them in batches, keeps them
// while the store is away, and forgets them when they are old. It is safe for concurrent use.
//
// What was done is kept, whatever it takes. What was refused costs a stranger nothing and us a row, so that only so many of
// it are kept a minute; the others are counted, and the count is kept instead.
type Recorder struct {
	store store.Audit
	now   func() time.Time
	rand  io.Reader
	log   *slog.Logger
	keep  atomic.Int64 // time.Duration

	mu      sync.Mutex
	waiting []store.AuditEvent
	minute  time.Time // that refusals are counted in
	refused int
	left    map[string]int // refusals of that minute that were only counted, by kind

	wake chan struct{}
	end  context.CancelFunc
	done chan struct{}
}

const (
	recordBatch   = 256
	recordDelay   = 250 * time.Millisecond // for which events are gathered into one write
	recordTimeout = 5 * time.Second
	recordBackoff = 30 * time.Second // longest pause between tries
	refusalsKept  = 300              // a minute
	purgeEvery    = time.Hour

	// DefaultAuditKeep is how long the trail is kept where nothing is configured.
	DefaultAuditKeep = 180 * 24 * time.Hour
)

// NewRecorder starts one. now and log may be nil.
func NewRecorder(s store.Audit, now func() time.Time, log *slog.Logger) *Recorder {
	if now == nil {
		now = time.Now
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ctx, end := context.WithCancel(context.Background())
	r := &Recorder{store: s, now: now, rand: rand.Reader, log: log, left: map[string]int{}, wake: make(chan struct{}, 1), end: end,
		done: make(chan struct{})}
	r.keep.Store(int64(DefaultAuditKeep))
	go r.run(ctx)
	return r
}

// Keep says for how long events are kept from now on.
func (r *Recorder) Keep(d time.Duration) { r.keep.Store(int64(d)) }

// Record takes an event. It does not block.
func (r *Recorder) Record(e Event) {
	kept := store.AuditEvent{Time: e.Time.UTC(), Kind: e.Kind, Result: e.Result, Reason: e.Reason, Actor: e.Actor, UserID: e.UserID,
		Username: e.Username, Method: e.Method, Session: e.Session, Address: e.Address, Host: e.Host}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Result == ResultRefused && !r.room(e.Kind) {
		return
	}
	r.add(kept)
}

// room counts a refusal, and tells whether it is kept.
func (r *Recorder) room(kind string) bool {
	if minute := r.now().Truncate(time.Minute); !minute.Equal(r.minute) {
		r.tellLeft()
		r.minute, r.refused = minute, 0
	}
	if r.refused < refusalsKept {
		r.refused++
		return true
	}
	r.left[kind]++
	return false
}

// tellLeft keeps what was only counted, once its minute is over.
func (r *Recorder) tellLeft() {
	for kind, n := range r.left {
		r.add(store.AuditEvent{Time: r.minute.UTC(), Kind: kind, Result: ResultRefused, Reason: strconv.Itoa(n) + " more in this minute", Times: n})
	}
	clear(r.left)
}

// add queues an event under an id of its own, so that a batch that is sent twice is stored once.
func (r *Recorder) add(e store.AuditEvent) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(r.rand, b); err != nil {
		r.log.Error("an event is missing in the audit trail", "kind", e.Kind, "error", err)
		return
	}
	e.ID = strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
	r.waiting = append(r.waiting, e)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Recorder) run(ctx context.Context) {
	defer close(r.done)
	purge := time.NewTimer(time.Minute) // not at once: a start has other things to do
	defer purge.Stop()
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-purge.C:
			r.purge(ctx)
			purge.Reset(purgeEvery)
			continue
		case <-r.wake:
		}
		pause(ctx, recordDelay)
		for ctx.Err() == nil {
			more, err := r.write(ctx)
			if err != nil && ctx.Err() == nil {
				if failures++; failures == 1 {
					r.log.Error("the audit trail cannot be written; its events wait in memory", "error", err)
				}
				pause(ctx, min(recordBackoff, recordDelay<<min(failures, 10)))
				continue
			}
			if failures > 0 && err == nil {
				r.log.Info("the audit trail is written again")
				failures = 0
			}
			if !more {
				break
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// write stores one batch, the oldest; only then it is forgotten here.
func (r *Recorder) write(ctx context.Context) (more bool, err error) {
	r.mu.Lock()
	if len(r.left) > 0 && !r.now().Truncate(time.Minute).Equal(r.minute) {
		r.tellLeft()
	}
	batch := r.waiting[:min(recordBatch, len(r.waiting))]
	r.mu.Unlock()
	if len(batch) == 0 {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	if err := r.store.AppendEvents(ctx, batch); err != nil {
		return true, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append([]store.AuditEvent(nil), r.waiting[len(batch):]...)
	return len(r.waiting) > 0, nil
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
		more, err := r.write(ctx)
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
