package loop

import (
	"math/rand/v2"
	"time"
)

// Backoff is how long to wait before the next try. It keeps no count: that may come from a database, where many wait
// for a try each, which is what libraries for this have no room for.
type Backoff struct {
	First   time.Duration // after one failure; it doubles with each further one
	Longest time.Duration
	Jitter  float64 // up to this part of it is added at random, so that what failed together does not come back together
}

// Pause returns the pause after so many failures in a row.
func (b Backoff) Pause(failures int) time.Duration {
	d := b.First
	for ; failures > 1 && d < b.Longest; failures-- {
		d *= 2
	}
	d = min(d, b.Longest)
	if most := time.Duration(float64(d) * b.Jitter); most > 0 {
		d += rand.N(most)
	}
	return d
}
