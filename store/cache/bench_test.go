package cache

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

func benchKey(i int) store.Key {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(i))
	return store.KeyOf(b[:])
}

func warm(tb testing.TB, n int) (*Cache, []store.Key) {
	f := newFake()
	c := New(f, Options{})
	tb.Cleanup(func() { c.Close() })
	f.state(true)
	keys := make([]store.Key, n)
	for i := range keys {
		keys[i] = benchKey(i)
		f.put(live(keys[i], "user", time.Now()))
		if _, err := c.Get(context.Background(), keys[i]); err != nil {
			tb.Fatal(err)
		}
	}
	return c, keys
}

func BenchmarkHit(b *testing.B) {
	ctx := context.Background()
	for _, bench := range []struct {
		name     string
		sessions int
	}{{"one session", 1}, {"1,000 sessions", 1_000}, {"80,000 sessions", 80_000}} {
		b.Run(bench.name, func(b *testing.B) {
			c, keys := warm(b, bench.sessions)
			owner := c.NewOwner()
			build := func(l *store.ActiveSession) any { return &l.Identity }
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					e, err := c.Get(ctx, keys[i%len(keys)])
					if err != nil {
						b.Fatal(err)
					}
					c.Use(e, time.Now())
					_ = e.Memo(owner, build)
				}
			})
			if misses := c.Stats().Misses; misses > uint64(bench.sessions) {
				b.Fatalf("%d misses", misses)
			}
		})
	}
}

func BenchmarkMiss(b *testing.B) {
	c, keys := warm(b, 1_000)
	ctx := context.Background()
	c.feed(false)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := c.Get(ctx, keys[i%len(keys)]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
