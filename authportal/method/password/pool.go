package password

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
)

// queueLength is how many calls may wait for a slot. More would wait longer than a person or a browser does.
const queueLength = 128

// pool bounds how much hashing happens at once. Hashing is the most expensive work that an anonymous client can cause,
// and users who are signed in must not notice: half of the cores hash, a bounded queue waits, and the rest is refused.
type pool struct {
	inside chan struct{} // one element for each call that hashes or waits
	slots  chan struct{} // one element for each call that hashes
	ran    atomic.Int64  // how many calls were let through
}

// defaultSlots leaves half of the cores to proxied traffic.
func defaultSlots() int { return max(1, runtime.GOMAXPROCS(0)/2) }

func newPool(slots, queue int) *pool {
	return &pool{inside: make(chan struct{}, slots+queue), slots: make(chan struct{}, slots)}
}

// do runs f in a slot. It returns ErrBusy at once if the queue is full, and later if the time limit of the call runs
// out in the queue; and the context's error if the caller went away. In none of these cases does f run. What has begun
// is finished: a hash cannot be interrupted.
func (p *pool) do(ctx context.Context, f func()) error {
	select {
	case p.inside <- struct{}{}:
	default:
		return method.ErrBusy
	}
	defer func() { <-p.inside }()
	// A caller that is gone already must not win a free slot by chance.
	if ctx.Err() != nil {
		return gaveUp(ctx)
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return gaveUp(ctx)
	}
	defer func() { <-p.slots }()
	p.ran.Add(1)
	f()
	return nil
}

func gaveUp(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return method.ErrBusy
	}
	return ctx.Err()
}
