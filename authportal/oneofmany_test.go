package authportal

import (
	"sync"
	"testing"
)

// oneWins has n browsers do the same at the same time: one must be answered 200, all others 400.
func (w *world) oneWins(t *testing.T, n int, do func(b *browser) int) {
	t.Helper()
	var wg sync.WaitGroup
	codes := make([]int, n)
	for i := range codes {
		b := w.browser()
		wg.Go(func() { codes[i] = do(b) })
	}
	wg.Wait()
	won := 0
	for _, code := range codes {
		if code == 200 {
			won++
		} else if code != 400 {
			t.Errorf("answered with %d", code)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d got on", won, n)
	}
}
