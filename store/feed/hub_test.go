package feed

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// heard is a subscriber that writes down what it is called with.
type heard struct {
	*Subscription
	mu    sync.Mutex
	lines []string
}

func (l *heard) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *heard) so() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

func listen(h *Hub) *heard {
	l := new(heard)
	l.Subscription = h.Subscribe(
		l.add,
		func(up bool) { l.add(fmt.Sprint(up)) })
	return l
}

// want waits for the end of the subscription.
func (l *heard) want(t *testing.T, lines ...string) {
	t.Helper()
	<-l.done
	if !slices.Equal(l.so(), lines) {
		t.Errorf("heard %q, want %q", l.so(), lines)
	}
}

func TestSlowSubscriberHearsDownAndUp(t *testing.T) {
	var h Hub
	h.Alive()
	l := new(heard)
	entered, release := make(chan struct{}), make(chan struct{})
	first := true
	l.Subscription = h.Subscribe(l.add, func(up bool) {
		l.lines = append(l.lines, fmt.Sprint(up))
		if first {
			first = false
			close(entered)
			<-release
		}
	})
	<-entered
	for i := range MaxQueue + 1 {
		h.Changed(fmt.Sprint(i))
	}
	h.Changed("last")
	close(release)
	h.Close()
	l.want(t, "true", "false", "true", "last", "false")
}

func TestFullQueueEndsWithDown(t *testing.T) {
	var h Hub
	h.Alive()
	l := new(heard)
	entered, release := make(chan struct{}), make(chan struct{})
	changed := func(string) { t.Error("heard a change out of a queue that was given up") }
	l.Subscription = h.Subscribe(changed, func(up bool) {
		if l.lines = append(l.lines, fmt.Sprint(up)); len(l.lines) == 1 {
			close(entered)
			<-release
		}
	})
	<-entered
	for i := range MaxQueue {
		h.Changed(fmt.Sprint(i))
	}
	h.Down()
	close(release)
	h.Close()
	l.want(t, "true", "false")
}

func TestNothingIsPassedOnWhileDown(t *testing.T) {
	var h Hub
	l := listen(&h)
	h.Changed("early")
	h.Alive()
	h.Changed("ann")
	h.Down()
	h.Down()
	h.Changed("lost")
	h.Alive()
	h.Alive()
	h.Close()
	h.Alive()
	l.want(t, "true", "ann", "false", "true", "false")
}

func TestSilenceIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := Hub{Silence: 750 * time.Millisecond}
		l := listen(&h)
		for range 8 { // two seconds of heartbeats
			h.Alive()
			time.Sleep(250 * time.Millisecond)
		}
		synctest.Wait()
		if !slices.Equal(l.so(), []string{"true"}) {
			t.Errorf("with heartbeats: heard %q", l.so())
		}
		time.Sleep(501 * time.Millisecond) // 751 ms after the last one
		synctest.Wait()
		if !slices.Equal(l.so(), []string{"true", "false"}) {
			t.Errorf("after 751 ms of silence: heard %q", l.so())
		}
		h.Alive()
		time.Sleep(751 * time.Millisecond)
		h.Close()
		l.want(t, "true", "false", "true", "false")
	})
}

func TestNoSilenceIsLeftToTheDriver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Hub
		l := listen(&h)
		h.Alive()
		time.Sleep(time.Hour)
		synctest.Wait()
		if !slices.Equal(l.so(), []string{"true"}) {
			t.Errorf("heard %q", l.so())
		}
		h.Close()
	})
}

func TestLateSubscriberHearsFromThereOn(t *testing.T) {
	var h Hub
	h.Alive()
	h.Changed("before")
	l := listen(&h)
	h.Changed("ann")
	h.Close()
	l.want(t, "true", "ann", "false")
	listen(&h).want(t) // of a closed hub nothing
}

func TestCancelWaitsForTheCallUnderWay(t *testing.T) {
	var h Hub
	entered, release, calls := make(chan struct{}), make(chan struct{}), 0
	sub := h.Subscribe(func(string) { calls++ }, func(up bool) {
		close(entered)
		<-release
		calls++
	})
	h.Alive()
	<-entered
	h.Changed("dropped")
	cancelled := make(chan struct{})
	go func() { sub.Cancel(); close(cancelled) }()
	select {
	case <-cancelled:
		t.Error("Cancel returned in the middle of a call")
	case <-time.After(10 * time.Millisecond):
	}
	close(release)
	<-cancelled
	sub.Cancel() // once more does no harm
	h.Changed("later")
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
	h.Close()
	sub.Cancel()
}

func TestDismissedSubscriberHearsDownLast(t *testing.T) {
	var h Hub
	one, other := listen(&h), listen(&h)
	h.Alive()
	h.Changed("ann")
	one.Dismiss()
	one.Dismiss()
	h.Changed("ben")
	h.Close()
	one.want(t, "true", "ann", "false")
	other.want(t, "true", "ann", "ben", "false")
}
