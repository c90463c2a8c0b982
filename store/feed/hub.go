package feed

import (
	"sync"
	"time"
)

// MaxQueue is how many notices may wait for a slow subscriber. Beyond it nothing is lost but the detail: the subscriber
// hears that the feed went down and came up again, after which it trusts nothing that it knew.
const MaxQueue = 1 << 16

// Hub passes on what a driver hears. The zero value is down and has no subscribers. It is safe for concurrent use.
type Hub struct {
	// Silence is how long after the last Alive the hub goes down by itself; 0: the driver watches that, and calls Down.
	// Real time alone counts: a clock that is set must not make a dead connection look alive.
	Silence time.Duration

	mu     sync.Mutex
	up     bool
	closed bool
	heard  time.Time
	timer  *time.Timer // fires when the silence may have become too long
	subs   map[*Subscription]struct{}
}

// Alive notes that everything committed until now has been passed on.
func (h *Hub) Alive() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.heard = time.Now()
	if h.up {
		return
	}
	h.up = true
	switch {
	case h.Silence == 0:
	case h.timer == nil:
		h.timer = time.AfterFunc(h.Silence, h.listen)
	default:
		h.timer.Reset(h.Silence)
	}
	h.each(event{state: true, up: true})
}

// listen runs when the silence may have become too long.
func (h *Hub) listen() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.up {
		return
	}
	if left := h.Silence - time.Since(h.heard); left > 0 {
		h.timer.Reset(left)
		return
	}
	h.fall()
}

// Down notes that something may be missed from now on.
func (h *Hub) Down() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fall()
}

func (h *Hub) fall() {
	if h.up {
		h.up = false
		h.each(event{state: true})
	}
}

// Changed says that the sessions of a user changed. While the hub is down it does nothing: subscribers trust nothing
// that they know then, and read everything again when it is up.
func (h *Hub) Changed(userID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.up {
		h.each(event{userID: userID})
	}
}

func (h *Hub) each(e event) {
	for sub := range h.subs {
		sub.put(e)
	}
}

// Subscribe calls changed and state as store.Feed promises, until the subscription ends. The first call is state(true),
// at once where the hub is up. On a closed hub nothing is called.
func (h *Hub) Subscribe(changed func(userID string), state func(up bool)) *Subscription {
	sub := &Subscription{hub: h, changed: changed, state: state,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		sub.end()
	} else {
		if h.subs == nil {
			h.subs = make(map[*Subscription]struct{})
		}
		h.subs[sub] = struct{}{}
		if h.up {
			sub.put(event{state: true, up: true})
		}
	}
	go sub.run()
	return sub
}

// Close lets subscribers hear what waits for them, then that the hub is down, and nothing after. It does not wait for
// them.
func (h *Hub) Close() {
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
