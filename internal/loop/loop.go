package loop

import (
	"context"
	"time"
)

// Loop does a kind of work again and again.
type Loop struct {
	After   time.Duration    // before the first round; 0: at once
	Every   time.Duration    // between rounds, unless Wake receives
	Wake    <-chan struct{}  // nil: nothing cuts a pause short
	Backoff Backoff          // between rounds that fail, which Wake does not cut short
	Outage  Outage           // what is logged of them
	Ends    func(error) bool // reports whether an error ends the loop; nil: none does
}

// Run calls round until ctx ends, and returns nil then, or until an error ends it, and returns that. round reports
// whether there is more to do at once.
func (l *Loop) Run(ctx context.Context, round func(context.Context) (more bool, err error)) error {
	Wait(ctx, l.After, nil)
	for ctx.Err() == nil {
		more, err := round(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil && l.Ends != nil && l.Ends(err):
			return err
		case err != nil:
			Wait(ctx, l.Backoff.Pause(l.Outage.Failed(err)), nil)
		default:
			l.Outage.Worked()
			if !more {
				Wait(ctx, l.Every, l.Wake)
			}
		}
	}
	return nil
}

// Wait returns after d, or as soon as wake receives or ctx ends.
func Wait(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	if d <= 0 || ctx.Err() != nil {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}

// Signal wakes one waiting worker. Signals that were sent while it worked are one.
type Signal chan struct{}

// NewSignal makes one.
func NewSignal() Signal { return make(Signal, 1) }

// Send never waits.
func (s Signal) Send() {
	select {
	case s <- struct{}{}:
	default:
	}
}
