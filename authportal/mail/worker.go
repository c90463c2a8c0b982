package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-auth/gatehouse/internal/loop"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	giveUp    = 3 * 24 * time.Hour // after this, whoever asked has asked again
	pollEvery = 5 * time.Second    // for letters of other gateways, and those whose time has come
	claimFor  = 5 * time.Minute    // longer than any try takes
	parallel  = 4                  // letters on their way at once
	tryFor    = 2 * time.Minute    // writing and sending
	storeFor  = 10 * time.Second   // to note what became of a letter
	grace     = 3 * time.Second    // what is on its way at the end may arrive
)

// retry is how long a message waits for its next try.
var retry = loop.Backoff{First: 30 * time.Second, Longest: time.Hour, Jitter: 0.2}

// Worker sends what waits in the outbox. A letter is forgotten once a server took it, and not before: a gateway that is
// killed sends nothing twice but what was on its way, and loses nothing. Several gateways share an outbox.
type Worker struct {
	Outbox  store.Outbox
	Compose Composer
	Send    func(context.Context, *Message) error // such as [SMTP.Send]
	Now     func() time.Time                      // nil: time.Now
	Log     *slog.Logger                          // nil: nothing is logged

	making  sync.Once
	wake    loop.Signal
	outage  loop.Outage // of the outbox
	failing atomic.Bool // the last try failed for a reason that is not the recipient's
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
		w.outage = loop.Outage{Log: w.Log, Failing: "the outbox of mail cannot be read; letters wait until it can",
			Working: "the outbox of mail is read again"}
	})
}

// Wake makes the worker look at once. It never waits.
func (w *Worker) Wake() {
	w.prepare()
	w.wake.Send()
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
		loop.Wait(ctx, pollEvery, w.wake)
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

// heard notes whether the outbox answers.
func (w *Worker) heard(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil:
		w.outage.Failed(err)
	default:
		w.outage.Worked()
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
		due := now.Add(retry.Pause(m.Tries))
		level := slog.LevelDebug // with the server away, every letter of the queue would say so
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
