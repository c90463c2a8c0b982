package cache

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

func TestMemoBuildsOncePerOwner(t *testing.T) {
	c, f, clk := open(t)
	f.put(live(benchKey(1), "ann", clk.Now()))
	e := get(t, c, f, benchKey(1), nil, 1)
	a, b := c.NewOwner(), c.NewOwner()
	built := 0
	for range 3 {
		for _, owner := range []uint64{a, b} {
			if got := e.Memo(owner, func(*store.ActiveSession) any { built++; return owner }); got != owner {
				t.Fatalf("owner %d got %v", owner, got)
			}
		}
	}
	if built != 2 {
		t.Errorf("built %d times", built)
	}
}

func TestMemosAreBoundedAndTheNewestStay(t *testing.T) {
	e := &Entry{}
	for owner := range uint64(1000) {
		e.Memo(owner, func(*store.ActiveSession) any { return owner })
	}
	n := 0
	for m := e.memo.Load(); m != nil; m = m.next {
		if want := uint64(999 - n); m.owner != want || m.value != want {
			t.Errorf("link %d is of owner %d", n, m.owner)
		}
		n++
	}
	if n != maxMemos {
		t.Errorf("%d links", n)
	}
}

func TestRacingBuildersGetOneValue(t *testing.T) {
	e := &Entry{}
	var group sync.WaitGroup
	var first atomic.Pointer[int]
	for range 32 {
		group.Go(func() {
			got := e.Memo(7, func(*store.ActiveSession) any { return new(int) }).(*int)
			if !first.CompareAndSwap(nil, got) && first.Load() != got {
				t.Error("two values for one owner")
			}
		})
	}
	group.Wait()
}

func TestTimesOfAnyYearHaveAPlace(t *testing.T) {
	for at, want := range map[time.Time]int64{
		{}: 0,
		time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC): math.MaxInt64,
		time.Unix(7, 9): 7_000_000_009,
	} {
		if got := nanos(at); got != want {
			t.Errorf("%v: %d, want %d", at, got, want)
		}
	}
}
