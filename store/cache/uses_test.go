package cache

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// queued counts the sessions that wait to be written.
func queued(c *Cache) (n int) {
	for i := range c.uses.shards {
		c.uses.shards[i].Lock()
		n += len(c.uses.shards[i].byKey)
		c.uses.shards[i].Unlock()
	}
	return n
}

// Last seen is written once a minute and once more after the last use.
func TestLastSeenIsWrittenOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c := New(f, Options{})
		defer c.Close()
		f.state(true)
		key := benchKey(1)
		f.put(live(key, "ann", time.Now()))
		time.Sleep(300 * time.Millisecond) // off the beat of the flusher
		var last time.Time
		for range 150 { // two and a half minutes of a request a second
			time.Sleep(time.Second)
			e, err := c.Get(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			last = time.Now()
			c.Use(e, last)
		}
		time.Sleep(2 * time.Minute)
		told := f.told()
		if len(told) != 3 {
			t.Fatalf("%d writes: %v", len(told), told)
		}
		for i := 1; i < len(told); i++ {
			if d := told[i].Seen.Sub(told[i-1].Seen); d <= 0 || (i < len(told)-1 && d < time.Minute) {
				t.Errorf("write %d follows after %v", i, d)
			}
		}
		if got := told[len(told)-1].Seen; !got.Equal(last) {
			t.Errorf("the store thinks %v, last use was %v", got, last)
		}
	})
}

// With an idle limit of eight seconds, a session that is used every second must not look idle to another gateway.
func TestAShortIdleLimitIsWrittenMoreOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c := New(f, Options{})
		defer c.Close()
		f.state(true)
		key := benchKey(1)
		l := live(key, "ann", time.Now())
		l.Session.Idle = 8 * time.Second
		f.put(l)
		for range 60 {
			time.Sleep(time.Second)
			e, err := c.Get(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			c.Use(e, time.Now())
			f.mu.Lock()
			known := f.lives[key].Session
			f.mu.Unlock()
			if time.Since(known.LastSeen) > 4*time.Second {
				t.Fatalf("the store last heard of it %v ago", time.Since(known.LastSeen))
			}
		}
		if n := len(f.told()); n > 31 {
			t.Errorf("%d writes in a minute", n)
		}
	})
}

// The user's rights change after every write, so that each use is of an entry read anew.
func TestTheRateOfWritesOutlivesARead(t *testing.T) {
	c, f, clk := open(t)
	key := benchKey(1)
	f.put(live(key, "ann", clk.Now()))
	c.Use(get(t, c, f, key, nil, 1), clk.Now().Add(5*time.Second))
	clk.add(time.Minute)
	if err := c.flush(t.Context(), clk.Now().UnixNano()); err != nil || len(f.told()) != 1 {
		t.Fatal(err, f.told())
	}
	f.changed("ann")
	clk.add(10 * time.Second)
	c.Use(get(t, c, f, key, nil, 1), clk.Now())
	if err := c.flush(t.Context(), clk.Now().UnixNano()); err != nil || len(f.told()) != 1 {
		t.Fatal("written again within the minute", err, f.told())
	}
	clk.add(50 * time.Second)
	if err := c.flush(t.Context(), clk.Now().UnixNano()); err != nil || len(f.told()) != 2 {
		t.Fatal("not written after a minute", err, f.told())
	}
}

func TestUsesOutliveAnOutageAndAreToldOnce(t *testing.T) {
	c, f, clk := open(t)
	for i := range 1000 {
		f.put(live(benchKey(i), "ann", clk.Now()))
		e := get(t, c, f, benchKey(i), nil, 1)
		c.Use(e, clk.Now().Add(10*time.Second))
	}
	f.failWith(store.ErrUnavailable)
	for range 3 {
		if err := c.FlushUses(t.Context()); !errors.Is(err, store.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if n := queued(c); n != 1000 {
		t.Errorf("%d kept", n)
	}
	f.failWith(nil)
	if err := c.FlushUses(t.Context()); err != nil {
		t.Fatal(err)
	}
	if told := f.told(); len(told) != 1000 || queued(c) != 0 {
		t.Errorf("%d told, %d left", len(told), queued(c))
	}
	if err := c.FlushUses(t.Context()); err != nil || len(f.told()) != 1000 {
		t.Error("told again what was told")
	}
}

func TestUsesThatWaitAreBounded(t *testing.T) {
	f, clk := newFake(), newClock()
	c := New(f, Options{Size: 160, Now: clk.Now})
	defer c.Close()
	f.state(true)
	for i := range 10_000 {
		f.put(live(benchKey(i), "ann", clk.Now()))
		e := get(t, c, f, benchKey(i), nil, 1)
		c.Use(e, clk.Now().Add(time.Minute))
	}
	if n := queued(c); n > 160+16 {
		t.Errorf("%d wait", n)
	}
	if c.Stats().Dropped == 0 {
		t.Error("none counted as dropped")
	}
}

// While the feed is down each request has an entry of its own; their uses are still one session's.
func TestManyEntriesOfOneSessionAreOneUse(t *testing.T) {
	c, f, clk := open(t)
	f.state(false)
	key := benchKey(1)
	f.put(live(key, "ann", clk.Now()))
	first := get(t, c, f, key, nil, 1)
	second := get(t, c, f, key, nil, 1)
	c.Use(first, clk.Now().Add(10*time.Second))
	c.Use(second, clk.Now().Add(5*time.Second))
	if queued(c) != 1 {
		t.Fatalf("%d queued", queued(c))
	}
	c.Use(first, clk.Now().Add(20*time.Second)) // an open stream holds it still
	if err := c.FlushUses(t.Context()); err != nil {
		t.Fatal(err)
	}
	if told := f.told(); len(told) != 1 || !told[0].Seen.Equal(clk.Now().Add(20*time.Second)) {
		t.Errorf("told %v", told)
	}
}

func TestUseNeverMovesBack(t *testing.T) {
	c, f, clk := open(t)
	f.put(live(benchKey(1), "ann", clk.Now()))
	e := get(t, c, f, benchKey(1), nil, 1)
	late := clk.Now().Add(time.Hour)
	var group sync.WaitGroup
	for i := range 32 {
		group.Go(func() { c.Use(e, late.Add(-time.Duration(i)*time.Second)) })
	}
	group.Wait()
	if !e.LastSeen().Equal(late) {
		t.Errorf("last seen %v, want %v", e.LastSeen(), late)
	}
}

func TestAHungStoreHoldsNoRequestUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &hung{fake: newFake()}
		c := New(f, Options{})
		f.state(true)
		f.put(live(benchKey(1), "ann", time.Now().Add(-10*time.Minute)))
		e, err := c.Get(t.Context(), benchKey(1))
		if err != nil {
			t.Fatal(err)
		}
		c.Use(e, time.Now())
		time.Sleep(3 * time.Second) // the flusher hangs now
		start := time.Now()
		for range 100 {
			c.Use(e, time.Now().Add(time.Hour))
			if _, err := c.Get(t.Context(), benchKey(1)); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v", took)
		}
		if err := c.Close(); err == nil || !strings.Contains(err.Error(), "writing last uses") {
			t.Errorf("uses were lost in silence: %v", err)
		}
	})
}

// hung is a fake whose touches never return by themselves.
type hung struct{ *fake }

func (h *hung) TouchSessions(ctx context.Context, _ []store.Use) error {
	<-ctx.Done()
	return ctx.Err()
}
