package redis

import "sync"

// hub hands what the feed hears to its subscribers, each on a goroutine of its own, so that a slow one delays nobody.
type hub struct {
	mu     sync.Mutex
	subs   map[*subscriber]struct{}
	up     bool
	closed bool
}

// event is a changed user, or a change of state where user is empty.
type event struct {
	user string
	up   bool
}

// maxQueue bounds what waits for a slow subscriber. Beyond it nothing is lost but the detail: the subscriber hears that
// the feed was down and is up again, after which it trusts nothing it knew.
const maxQueue = 1 << 16

type subscriber struct {
	changed func(string)
	state   func(bool)

	mu    sync.Mutex
	wake  sync.Cond
	queue []event
	ended bool
	done  chan struct{}
}

func (h *hub) add(changed func(string), state func(bool)) (sub *subscriber) {
	sub = &subscriber{changed: changed, state: state, done: make(chan struct{})}
	sub.wake.L = &sub.mu
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(sub.done)
		return sub
	}
	if h.subs == nil {
		h.subs = map[*subscriber]struct{}{}
	}
	h.subs[sub] = struct{}{}
	if h.up {
		sub.push(event{up: true})
	}
	go sub.run()
	return sub
}

// remove ends a subscriber and waits for the call under way.
func (h *hub) remove(sub *subscriber) {
	h.mu.Lock()
	delete(h.subs, sub)
	h.mu.Unlock()
	sub.mu.Lock()
	sub.ended, sub.queue = true, nil
	sub.wake.Broadcast()
	sub.mu.Unlock()
	<-sub.done
}

// tell passes on a changed user.
func (h *hub) tell(user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.up {
		return // nobody trusts what they know; the first call must be state(true)
	}
	for sub := range h.subs {
		sub.push(event{user: user})
	}
}

// set passes on a change of state.
func (h *hub) set(up bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.up == up || h.closed {
		return
	}
	h.up = up
	for sub := range h.subs {
		sub.push(event{up: up})
	}
}

// close lets the subscribers hear what waits, the last of it that the feed is down, and nothing after.
func (h *hub) close() {
	h.set(false)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for sub := range h.subs {
		sub.mu.Lock()
		sub.ended = true
		sub.wake.Broadcast()
		sub.mu.Unlock()
	}
}

func (s *subscriber) push(e event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) >= maxQueue {
		s.queue = append(s.queue[:0], event{up: false})
		if e.user != "" || e.up {
			s.queue = append(s.queue, event{up: true})
		}
		return
	}
	s.queue = append(s.queue, e)
	s.wake.Signal()
}

func (s *subscriber) run() {
	defer close(s.done)
	for {
		s.mu.Lock()
		for len(s.queue) == 0 && !s.ended {
			s.wake.Wait()
		}
		if len(s.queue) == 0 {
			s.mu.Unlock()
			return
		}
		e := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		if e.user != "" {
			s.changed(e.user)
		} else {
			s.state(e.up)
		}
	}
}
