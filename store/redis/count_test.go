package redis_test

import (
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

// Of many sign-ins a sample tells how many fell into disuse, with no more work than for few.
func TestManySignInsAreCountedBySample(t *testing.T) {
	clock := storetest.NewClock()
	s := open(t, prefixed([]string{servers.Redis(t)}), clock.Now)
	const old, fresh = 3000, 3000
	fill := func(n int) {
		var makers sync.WaitGroup
		for range 10 {
			makers.Go(func() {
				for range n / 10 {
					l := signIn(clock.Now())
					if err := s.CreateSession(t.Context(), &l); err != nil {
						t.Error(err)
					}
				}
			})
		}
		makers.Wait()
	}
	fill(old)
	clock.Advance(time.Hour) // without use: over, though listed until the absolute deadline
	fill(fresh)
	n, err := s.CountSessions(t.Context())
	if err != nil || n < fresh*9/10 || n > fresh*11/10 {
		t.Errorf("counted %d, %v, want about %d", n, err, fresh)
	}
}
