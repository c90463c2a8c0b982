package lease

import (
	"context"
	"errors"
	"io"
	"sync"
)

// Pool holds opened resources by key. The key names the resource (a path, a DSN), never the configuration around it, or
// two configurations of one database would open it twice. A key may hold a password: it stands in no error of this
// package. The zero value is ready for use.
type Pool[T io.Closer] struct {
	mu   sync.Mutex
	held map[string]*resource[T]
}

// resource is opened, being opened, or being closed; until it is closed it keeps its place in the pool.
type resource[T io.Closer] struct {
	value T
	err   error         // why it could not be opened
	ready chan struct{} // closed when opening is over
	gone  chan struct{} // closed when closing is over
	// guarded by Pool.mu
	holders int // the opener's share counts from the start and stays where opening failed: then nothing is ever closed
	closing bool
}

// Lease is one holder's share of a resource.
type Lease[T io.Closer] struct {
	pool *Pool[T]
	key  string
	res  *resource[T]
	once sync.Once
	err  error
}

// Acquire returns a share of the resource with that key, opening it if no one holds it. Callers that come while it is
// being opened wait for it and share the outcome, an error included; a failed open leaves nothing behind. open runs
// with the context of the caller that came first; where that one gives up, the next in the queue opens for itself. A
// resource that is being closed is waited for, so that no two instances of one file or port ever overlap.
func (p *Pool[T]) Acquire(ctx context.Context, key string, open func(context.Context) (T, error)) (*Lease[T], error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.mu.Lock()
		res, ok := p.held[key]
		switch {
		case !ok:
			res = &resource[T]{ready: make(chan struct{}), gone: make(chan struct{}), holders: 1}
			if p.held == nil {
				p.held = make(map[string]*resource[T])
			}
			p.held[key] = res
			p.mu.Unlock()
			return p.open(ctx, key, res, open)
		case res.closing:
			p.mu.Unlock()
			select {
			case <-res.gone:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		default:
			res.holders++ // before it is ready, so that the opener's release cannot close what we wait for
			p.mu.Unlock()
			lease := &Lease[T]{pool: p, key: key, res: res}
			select {
			case <-res.ready:
			case <-ctx.Done():
				return nil, errors.Join(ctx.Err(), lease.Release())
			}
			if res.err == nil {
				return lease, nil
			}
			if !errors.Is(res.err, errGaveUp) {
				return nil, res.err
			}
		}
	}
}

// errGaveUp marks a failure that is the opener's own: its context ended.
var errGaveUp = errors.New("the caller that was opening it gave up")

func (p *Pool[T]) open(ctx context.Context, key string, res *resource[T], open func(context.Context) (T, error)) (*Lease[T], error) {
	err := errors.New("opening panicked") // what waiters see if open does not return
	defer func() {
		if err == nil {
			return
		}
		res.err = err
		if ctx.Err() != nil {
			res.err = errors.Join(errGaveUp, err)
		}
		p.mu.Lock()
		delete(p.held, key)
		p.mu.Unlock()
		close(res.ready)
	}()
	var value T
	if value, err = open(ctx); err != nil {
		return nil, err
	}
	res.value = value
	close(res.ready)
	return &Lease[T]{pool: p, key: key, res: res}, nil
}

// Value returns the resource. It must not be used after Release.
func (l *Lease[T]) Value() T { return l.res.value }

// Release gives the share back. The last one closes the resource and returns what Close returned. Releasing again does
// nothing and returns the same.
func (l *Lease[T]) Release() error {
	l.once.Do(func() { l.err = l.pool.release(l.key, l.res) })
	return l.err
}

func (p *Pool[T]) release(key string, res *resource[T]) error {
	p.mu.Lock()
	res.holders--
	last := res.holders == 0
	res.closing = last
	p.mu.Unlock()
	if !last {
		return nil
	}
	defer func() {
		p.mu.Lock()
		delete(p.held, key)
		p.mu.Unlock()
		close(res.gone)
	}()
	return res.value.Close()
}
