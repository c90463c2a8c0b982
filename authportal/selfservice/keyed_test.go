package selfservice

import (
	"context"
	"errors"
	"sync"
	"testing"
)

func TestKeyMutexAdmitsOneCallerForEachKey(t *testing.T) {
	var k keyMutex
	var wg sync.WaitGroup
	inside := map[string]*int{"a": new(int), "b": new(int)} // the race detector watches
	for i := range 64 {
		wg.Go(func() {
			key := string(rune('a' + i%2))
			unlock, err := k.lock(t.Context(), key)
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			*inside[key]++
		})
	}
	wg.Wait()
	if *inside["a"] != 32 || *inside["b"] != 32 || len(k.held) != 0 {
		t.Errorf("%d and %d callers held the lock, %d keys are left", *inside["a"], *inside["b"], len(k.held))
	}
	unlock, err := k.lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.lock(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled caller got %v", err)
	}
	unlock()
	if len(k.held) != 0 {
		t.Error("the key was not deleted")
	}
}
