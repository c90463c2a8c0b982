package selfservice

import (
	"context"
	"sync"
)

// keyMutex is a mutex for each key. The zero value is ready for use.
type keyMutex struct {
	mu   sync.Mutex
	held map[string]*keyLock
}

type keyLock struct {
	turn    chan struct{} // holds one element while locked
	callers int           // holding the lock or waiting for it; at zero the key is deleted
}

// lock locks a key, or fails when the context ends. If err is nil, unlock must be called exactly once.
func (k *keyMutex) lock(ctx context.Context, key string) (unlock func(), err error) {
	k.mu.Lock()
	if k.held == nil {
		k.held = map[string]*keyLock{}
	}
	h := k.held[key]
	if h == nil {
		h = &keyLock{turn: make(chan struct{}, 1)}
		k.held[key] = h
	}
	h.callers++
	k.mu.Unlock()

	leave := func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if h.callers--; h.callers == 0 {
			delete(k.held, key)
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
