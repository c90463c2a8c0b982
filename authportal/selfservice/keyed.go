package selfservice

import (
	"context"
	"sync"
)

// keyed lets one caller at a time through for each key. The zero value is ready.
type keyed struct {
	mu   sync.Mutex
	Held map[string]*holding
}

type holding struct {
	turn    chan struct{} // holds one element while somebody is inside
	callers int           // inside or waiting; at zero the key is forgotten
}

// lock waits for the key's turn or for the context's end. unlock must be called once, and only if err is nil.
func (k *keyed) lock(ctx context.Context, key string) (unlock func(), err error) {
	k.mu.Lock()
	if k.Held == nil {
		k.Held = map[string]*holding{}
	}
	h := k.Held[key]
	if h == nil {
		h = &holding{turn: make(chan struct{}, 1)}
		k.Held[key] = h
	}
	h.callers++
	k.mu.Unlock()

	leave := func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if h.callers--; h.callers == 0 {
			delete(k.Held, key)
		}
	}
	select {
	case h.turn <- struct{}{}:
		return func() { <-h.turn; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
