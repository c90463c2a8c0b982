// Package cache keeps the sessions that are in use close at hand, so that a signed-in request costs no store call. It
// wraps any [store.SessionStore] and is one itself.
//
// It owns what is remembered locally (a session together with whom it speaks for), the knowledge of what may still be
// trusted, and the batches in which use is written back. It never answers from memory beyond what the store's feed
// vouches for, never turns a passed idle deadline into a verdict of its own, never remembers an error or a key that
// names no session, and never revives what has ended.
package cache
