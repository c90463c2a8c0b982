package sql

import (
	"sync"
	"time"
)

const (
	// heartbeat is how often a watcher makes sure that it hears everything.
	heartbeat = 250 * time.Millisecond
	// silence is how long nothing may be heard before nothing is vouched for.
	silence = 750 * time.Millisecond
	// longestQueue is how much a subscriber may lag before it is told to forget everything instead.
	longestQueue = 4096
)

// hub passes what a watcher hears on to the subscribers of the feed. Real time alone counts in it: a clock that is set
// must not make a dead stream look alive.
type hub struct {
	mu     sync.Mutex
	up     bool
	closed bool
	heard  time.Time
	timer  *time.Timer // runs out when the silence gets too long
	subs   map[*subscriber]struct{}
}

// alive notes that everything committed until now has been told.
func (h *hub) alive() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.heard = time.Now()
	if h.timer == nil {
		h.timer = time.AfterFunc(silence, h.listen)
	}
	if !h.up {
		h.up = true
		h.timer.Reset(silence)
		h.each(event{state: true, up: true})
	}
}

// listen runs when the silence may have become too long.
func (h *hub) listen() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.up {
		return
	}
	if left := silence - time.Since(h.heard); left > 0 {
		h.timer.Reset(left)
		return
	}
	h.fall()
}

// down notes that something may be missed from now on.
func (h *hub) down() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fall()
}

func (h *hub) fall() {
	if h.up {
		h.up = false
		h.each(event{state: true})
	}
}

// tell says that the sessions of a user changed. While the hub is down nobody relies on it, and after it everything is
// read again, so nothing is kept.
func (h *hub) tell(userID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.up {
		h.each(event{userID: userID})
	}
}

func (h *hub) each(e event) {
	for sub := range h.subs {
		sub.put(e)
	}
}

func (h *hub) subscribe(changed func(string), state func(bool)) *subscriber {
	sub := &subscriber{changed: changed, state: state, wake: make(chan struct{}, 1), quit: make(chan struct{}),
		done: make(chan struct{})}
	h.mu.Lock()
	if h.closed {
		sub.end()
	}
	if h.subs == nil {
		h.subs = make(map[*subscriber]struct{})
	}
	h.subs[sub] = struct{}{}
	if h.up {
		sub.put(event{state: true, up: true})
	}
	h.mu.Unlock()
	go sub.run()
	return sub
}

// leave ends a subscription and waits for its last call to return.
func (h *hub) leave(sub *subscriber) {
	h.mu.Lock()
	delete(h.subs, sub)
	h.mu.Unlock()
	sub.once.Do(func() { close(sub.quit) })
	<-sub.done
}

// dismiss ends a subscription from our side: the last that it hears is that nothing is vouched for any more.
func (h *hub) dismiss(sub *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, subscribed := h.subs[sub]; !subscribed {
		return
	}
	delete(h.subs, sub)
	if h.up {
		sub.put(event{state: true})
	}
	sub.end()
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fall()
	h.closed = true
	if h.timer != nil {
		h.timer.Stop()
	}
	for sub := range h.subs {
		sub.end()
	}
	h.subs = nil
}

// event is one call to a subscriber: of state if state is set, else of changed.
type event struct {
	state, up bool
	userID    string
}

// subscriber has a queue and a goroutine of its own, so that a slow one keeps neither the watcher nor others waiting.
type subscriber struct {
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

func (s *subscriber) put(e event) {
	s.mu.Lock()
	switch {
	case len(s.queue) < longestQueue:
		s.queue = append(s.queue, e)
	case !e.state || e.up:
		// Too far behind to be told one by one: down and up again makes a cache forget all it had.
		s.queue = append(s.queue[:0], event{state: true}, event{state: true, up: true})
	default:
		s.queue = append(s.queue[:0], e)
	}
	s.mu.Unlock()
	s.nudge()
}

// end lets the subscriber hear what is queued, and nothing more.
func (s *subscriber) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.nudge()
}

func (s *subscriber) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *subscriber) run() {
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
