package cache

import (
	"math/rand/v2"
	"sync/atomic"
)

// Stats are counts since New, and the state of now.
type Stats struct {
	Hits      uint64 // answered from memory
	Misses    uint64 // answered by the store
	Forgotten uint64 // times that a user's sessions were to be read again
	Dropped   uint64 // uses that were not queued because too many waited
	Sessions  int    // remembered now, stale ones included
	Watches   int    // open streams
	Up        bool   // the feed vouches for what is remembered
}

// counts are kept apart from each other, so that cores do not fight for one line of memory on every hit.
type counts struct {
	hits [32]struct {
		atomic.Uint64
		_ [56]byte
	}
	misses    atomic.Uint64
	forgotten atomic.Uint64
	dropped   atomic.Uint64
}

// hit picks a stripe by chance: by the key, the cores that serve one busy session would share it.
func (n *counts) hit() { n.hits[rand.Uint32()%32].Add(1) }

// Stats returns the counts. It is for collectors: cheap enough for every scrape, not for every request.
func (c *Cache) Stats() Stats {
	s := Stats{Misses: c.counts.misses.Load(), Forgotten: c.counts.forgotten.Load(), Dropped: c.counts.dropped.Load(),
		Sessions: c.entries.EstimatedSize(), Watches: c.watches.count(), Up: c.ledger.isUp()}
	for i := range c.counts.hits {
		s.Hits += c.counts.hits[i].Load()
	}
	return s
}
