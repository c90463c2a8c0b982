package sql

import (
	"fmt"
	"testing"
)

func TestASubscriberThatLagsIsToldToForgetEverything(t *testing.T) {
	var h hub
	h.alive()
	var lines []string
	entered, release := make(chan struct{}), make(chan struct{})
	first := true
	sub := h.subscribe(func(id string) { lines = append(lines, id) }, func(up bool) {
		lines = append(lines, fmt.Sprint(up))
		if first {
			first = false
			close(entered)
			<-release
		}
	})
	<-entered
	for i := range longestQueue + 1 {
		h.tell(fmt.Sprint(i))
	}
	h.tell("last")
	close(release)
	h.close()
	<-sub.done
	if got, want := fmt.Sprint(lines), "[true false true last false]"; got != want {
		t.Fatalf("told %s, want %s", got, want)
	}
}

func TestNothingIsToldWhileNothingIsVouchedFor(t *testing.T) {
	var h hub
	var lines []string
	sub := h.subscribe(func(id string) { lines = append(lines, id) }, func(up bool) { lines = append(lines, fmt.Sprint(up)) })
	h.tell("early")
	h.alive()
	h.tell("ann")
	h.down()
	h.down()
	h.tell("lost")
	h.alive()
	h.alive()
	h.close()
	h.alive()
	<-sub.done
	if got, want := fmt.Sprint(lines), "[true ann false true false]"; got != want {
		t.Fatalf("told %s, want %s", got, want)
	}
}

func TestSilenceIsDown(t *testing.T) {
	var h hub
	states := make(chan bool, 2)
	sub := h.subscribe(func(string) {}, func(up bool) { states <- up })
	h.alive()
	if up := <-states; !up {
		t.Fatal("alive, and down")
	}
	if up := <-states; up { // comes by itself
		t.Fatal("told twice that it is up")
	}
	h.leave(sub)
	h.close()
}
