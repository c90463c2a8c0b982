package feed

import "sync"

// event is one call to a subscriber: of state if state is set, else of changed.
type event struct {
	state, up bool
	userID    string
}

// Subscription has a queue and a goroutine of its own, so that a slow subscriber delays neither the driver nor others.
type Subscription struct {
	hub     *Hub
	changed func(userID string)
	state   func(up bool)

	mu    sync.Mutex
	queue []event
	ended bool // nothing comes any more: run returns once the queue is empty

	wake chan struct{}
	quit chan struct{}
	done chan struct{}
	once sync.Once
}

// Cancel ends the subscription and waits for a call under way to return. What waits is dropped. A callback must not
// cancel its own subscription. Cancelling twice does no harm.
func (s *Subscription) Cancel() {
	s.hub.mu.Lock()
	delete(s.hub.subs, s)
	s.hub.mu.Unlock()
	s.once.Do(func() { close(s.quit) })
	<-s.done
}

// Dismiss ends the subscription from the driver's side: the last that the subscriber hears is that the feed is down. It
// does not wait.
func (s *Subscription) Dismiss() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if _, subscribed := s.hub.subs[s]; !subscribed {
		return
	}
	delete(s.hub.subs, s)
	if s.hub.up {
		s.put(event{state: true})
	}
	s.end()
}

func (s *Subscription) put(e event) {
	s.mu.Lock()
	switch {
	case len(s.queue) < MaxQueue:
		s.queue = append(s.queue, e)
	case !e.state || e.up:
		s.queue = append(s.queue[:0], event{state: true}, event{state: true, up: true})
	default:
		s.queue = append(s.queue[:0], e)
	}
	s.mu.Unlock()
	s.nudge()
}

// end lets the subscriber hear what is queued, and nothing more.
func (s *Subscription) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.nudge()
}

func (s *Subscription) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Subscription) run() {
	defer close(s.done)
	for {
		s.mu.Lock()
		queue, ended := s.queue, s.ended
		s.queue = nil
		s.mu.Unlock()
		for _, e := range queue {
			select {
			case <-s.quit:
				return
			default:
			}
			if e.state {
				s.state(e.up)
			} else {
				s.changed(e.userID)
			}
		}
		if ended {
			if len(queue) == 0 {
				return
			}
			continue
		}
		select {
		case <-s.wake:
		case <-s.quit:
			return
		}
	}
}
