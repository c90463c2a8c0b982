package password

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
)

func TestSixtyFourAtOnceFillThePoolAndMoreAreRefused(t *testing.T) {
	const slots, queue, callers = 2, 6, 64
	p := newPool(slots, queue)
	release, started := make(chan struct{}), make(chan struct{}, callers)
	results := make(chan error, callers)
	var mu sync.Mutex
	running, most := 0, 0
	for range callers {
		go func() {
			results <- p.do(context.Background(), func() {
				mu.Lock()
				running++
				most = max(most, running)
				mu.Unlock()
				started <- struct{}{}
				<-release
				mu.Lock()
				running--
				mu.Unlock()
			})
		}()
	}
	// A call that finds no room is refused at once, while nothing has finished yet.
	for range callers - slots - queue {
		if err := <-results; !errors.Is(err, method.ErrBusy) {
			t.Fatalf("refused with %v", err)
		}
	}
	for range slots {
		<-started
	}
	close(release)
	for range slots + queue {
		if err := <-results; err != nil {
			t.Errorf("a waiting call got %v", err)
		}
	}
	if most != slots {
		t.Errorf("%d hashed at once, not %d", most, slots)
	}
	if err := p.do(t.Context(), func() {}); err != nil {
		t.Errorf("the pool is not free again: %v", err)
	}
}

func TestACallerThatGoesAwayLeavesTheQueue(t *testing.T) {
	p := newPool(1, 1)
	release, started := make(chan struct{}), make(chan struct{})
	first := make(chan error)
	go func() { first <- p.do(context.Background(), func() { close(started); <-release }) }()
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error)
	go func() { second <- p.do(ctx, func() { t.Error("ran although its caller was gone") }) }()
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller that went away got %v", err)
	}
	third := make(chan error)
	go func() { third <- p.do(t.Context(), func() {}) }()
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if err := <-third; err != nil {
		t.Errorf("the place in the queue was not given back: %v", err)
	}
}

func TestTimeThatRunsOutInTheQueueIsErrBusy(t *testing.T) {
	p := newPool(1, 1)
	p.slots <- struct{}{}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if err := p.do(ctx, func() { t.Error("ran") }); !errors.Is(err, method.ErrBusy) {
		t.Errorf("%v", err)
	}
}

func TestAFullPoolIsErrBusyForHashAndVerify(t *testing.T) {
	h := cheapest(Bcrypt)
	h.pool = newPool(1, 0)
	h.pool.inside <- struct{}{}
	if _, err := h.hash(t.Context(), "correct horse"); !errors.Is(err, method.ErrBusy) {
		t.Errorf("Hash: %v", err)
	}
	if _, _, err := h.verify(t.Context(), nil, "correct horse"); !errors.Is(err, method.ErrBusy) {
		t.Errorf("Verify: %v", err)
	}
}
