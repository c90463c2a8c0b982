package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	firstRetry = 30 * time.Second
	lastRetry  = time.Hour          // the longest that a message waits for its next try
	giveUp     = 3 * 24 * time.Hour // after this, the user has requested another
	pollEvery  = 5 * time.Second    // for messages of other gateways, and those that are due
	claimFor   = 5 * time.Minute    // longer than any try takes
	parallel   = 4                  // messages on their way at once
	tryFor     = 2 * time.Minute    // writing and sending
	storeFor   = 10 * time.Second   // to note what became of a message
	grace      = 3 * time.Second    // what is on its way at the end may arrive
)

// Worker sends what waits in the outbox. A message is deleted once a server accepted it, and not before: a gateway that
// is killed sends nothing twice but what was on its way, and loses nothing. Several gateways share an outbox.
type Worker struct {
	Outbox  store.Outbox
	Compose Composer
	Send    func(context.Context, *Message) error // such as [SMTP.Send]
	Now     func() time.Time                      // nil: time.Now
	Log     *slog.Logger                          // nil: nothing is logged

	making  sync.Once
	wake    chan struct{}
	failing atomic.Bool // the last try failed, and not because of the recipient
	down    atomic.Bool // the outbox does not respond
}

func (w *Worker) prepare() {
	w.making.Do(func() {
		w.wake = make(chan struct{}, 1)
		if w.Now == nil {
			w.Now = time.Now
		}
		if w.Log == nil {
			w.Log = slog.New(slog.DiscardHandler)
		}
	})
}

// Wake makes the worker look at once. It never waits.
func (w *Worker) Wake() {
	w.prepare()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run sends until ctx is done, and returns when nothing is on its way any more. No failure ends it.
func (w *Worker) Run(ctx context.Context) {
	w.prepare()
	var running sync.WaitGroup
	sending, cancel := lingering(ctx)
	defer cancel()
	defer running.Wait()
	free := make(chan struct{}, parallel)
	for range parallel {
		free <- struct{}{}
	}
	for {
		slots := gather(ctx, free)
		if slots == 0 {
			return
		}
		now := w.Now()
		claimed, err := w.Outbox.ClaimMail(ctx, now, now.Add(claimFor), slots)
		w.heard(ctx, err)
		for range slots - len(claimed) {
			free <- struct{}{}
		}
		for _, m := range claimed {
			running.Go(func() {
				defer func() { free <- struct{}{} }()
				w.deliver(sending, m)
			})
		}
		if len(claimed) == slots {
			continue // there may be more
		}
		timer := time.NewTimer(pollEvery)
		select {
		case <-w.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// gather waits for a free slot and takes all that are free; none when ctx is done.
func gather(ctx context.Context, free chan struct{}) int {
	if ctx.Err() != nil {
		return 0
	}
	select {
	case <-free:
	case <-ctx.Done():
		return 0
	}
	for n := 1; ; n++ {
		select {
		case <-free:
		default:
			return n
		}
	}
}

// lingering returns a context that ends a little later than ctx.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-out.Done():
		}
	})
	return out, func() { stop(); cancel() }
}

// heard logs once that the outbox does not respond, and once that it does again.
func (w *Worker) heard(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil && !w.down.Swap(true):
		w.Log.Warn("the outbox of mail cannot be read; letters wait until it can", "error", err)
	case err == nil && w.down.Swap(false):
		w.Log.Info("the outbox of mail is read again")
	}
}

// deliver tries one message, and notes what became of it.
func (w *Worker) deliver(ctx context.Context, m store.Mail) {
	log := w.Log.With("kind", m.Kind, "id", m.ID, "tries", m.Tries)
	sent, err := w.try(ctx, m)
	var noted error
	switch now := w.Now(); {
	case err == nil:
		noted = w.note(ctx, func(ctx context.Context) error { return w.Outbox.DoneMail(ctx, m.ID) })
		if sent {
			log.Info("mail sent")
			if w.failing.Swap(false) {
				log.Info("the mail server takes letters again")
			}
		}
	case ctx.Err() != nil: // the end of this process or configuration, not of the message
		noted = w.note(ctx, func(ctx context.Context) error { return w.Outbox.RetryMail(ctx, m.ID, now, m.Fault) })
	case errors.Is(err, ErrRefused), now.Sub(m.Created) >= giveUp:
		log.Warn("mail given up", "to", m.To, "queued", m.Created, "error", err)
		noted = w.note(ctx, func(ctx context.Context) error { return w.Outbox.DoneMail(ctx, m.ID) })
	default:
		due := now.Add(backOff(m.Tries))
		level := slog.LevelDebug // with the server down, every message of the queue would log it
		if !w.failing.Swap(true) {
			level = slog.LevelWarn
		}
		log.Log(ctx, level, "mail could not be sent; it is tried again", "next", due, "error", err)
		noted = w.note(ctx, func(ctx context.Context) error { return w.Outbox.RetryMail(ctx, m.ID, due, err.Error()) })
	}
	if noted != nil && !errors.Is(noted, store.ErrNotFound) {
		log.Warn("what became of a letter could not be noted; it may be sent a second time", "error", noted)
	}
}

// note outlives ctx: what is known about a message at the end is worth a moment.
func (w *Worker) note(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeFor)
	defer cancel()
	return f(ctx)
}

// try writes and sends; sent is false if there was nothing to send.
func (w *Worker) try(ctx context.Context, m store.Mail) (sent bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	defer func() {
		if r := recover(); r != nil { // one message's fault must not end the server
			w.Log.Error("writing a letter panicked", "kind", m.Kind, "id", m.ID, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = errors.New("writing the letter: a fault in the program")
		}
	}()
	composed, err := w.Compose(ctx, m)
	if err != nil {
		return false, fmt.Errorf("writing the letter: %w", err)
	}
	if composed == nil {
		return false, nil
	}
	message := *composed
	if message.ID == "" {
		message.ID = m.ID
	}
	return true, w.Send(ctx, &message)
}

// backOff is how long a message waits after so many tries: 30 s, 1 min, 2 min and so on up to an hour, and up to a
// fifth longer, so that what failed together does not come back together.
func backOff(tries int) time.Duration {
	d := lastRetry
	if shift := max(0, tries-1); shift < 7 {
		d = min(lastRetry, firstRetry<<shift)
	}
	return d + rand.N(d/5)
}
