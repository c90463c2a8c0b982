package selfservice

import (
	"context"
	"errors"
	"sync"
	"testing"
)

func TestOneCallerAtATimeForEachKey(t *testing.T) {
	var k keyed
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
	if *inside["a"] != 32 || *inside["b"] != 32 || len(k.Held) != 0 {
		t.Errorf("%d and %d were inside, %d keys are kept", *inside["a"], *inside["b"], len(k.Held))
	}
	unlock, err := k.lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.lock(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("who went away got %v", err)
	}
	unlock()
	if len(k.Held) != 0 {
		t.Error("the key is kept for ever")
	}
}
