package app

import (
	"testing"
	"time"
)

// TestARequestWaitsForTheStartAndNoLonger than its configuration lives.
func TestARequestWaitsForTheStartAndNoLonger(t *testing.T) {
	app, run := opened(t, justUsers)
	got := make(chan *Running, 1)
	go func() {
		r, err := app.Ready(t.Context())
		if err != nil {
			t.Error(err)
		}
		got <- r
	}()
	app.running.Store(run)
	close(app.started)
	select {
	case r := <-got:
		if r != run {
			t.Error("got something else")
		}
	case <-time.After(readyWait):
		t.Error("still waits")
	}
}
