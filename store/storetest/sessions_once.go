package storetest

import (
	"errors"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

func ticketOnce(w *world) {
	key := newKey()
	payload := []byte("where to\x00and who\xff")
	w.must(w.s.PutTicket(w.ctx(), "handoff", key, payload, w.clock.Now().Add(time.Minute)))
	payload[0] = 'X'
	w.wantErr(w.s.PutTicket(w.ctx(), "handoff", key, nil, w.clock.Now().Add(time.Minute)), store.ErrTaken, "a ticket in use")
	got, err := w.s.TakeTicket(w.ctx(), "handoff", key)
	if err != nil || string(got) != "where to\x00and who\xff" {
		w.Fatalf("took %q, %v", got, err)
	}
	_, err = w.s.TakeTicket(w.ctx(), "handoff", key)
	w.wantErr(err, store.ErrNotFound, "a ticket taken before")
	w.must(w.s.PutTicket(w.ctx(), "handoff", key, nil, w.clock.Now().Add(time.Minute)))
	got, err = w.s.TakeTicket(w.ctx(), "handoff", key)
	if err != nil || len(got) != 0 {
		w.Fatalf("took %q, %v from a ticket without payload", got, err)
	}
}

func ticketPurpose(w *world) {
	key := newKey()
	deadline := w.clock.Now().Add(time.Minute)
	w.must(w.s.PutTicket(w.ctx(), "reset", key, []byte("reset"), deadline))
	_, err := w.s.TakeTicket(w.ctx(), "confirm", key)
	w.wantErr(err, store.ErrNotFound, "a ticket of another purpose")
	_, err = w.s.TakeTicket(w.ctx(), "reset", newKey())
	w.wantErr(err, store.ErrNotFound, "an unknown ticket")
	w.must(w.s.PutTicket(w.ctx(), "confirm", key, []byte("confirm"), deadline))
	got, err := w.s.TakeTicket(w.ctx(), "reset", key)
	if err != nil || string(got) != "reset" {
		w.Fatalf("took %q, %v", got, err)
	}
}

func ticketDeadline(w *world) {
	early, late, reused := newKey(), newKey(), newKey()
	deadline := w.clock.Now().Add(time.Minute)
	for _, key := range []store.Key{early, late, reused} {
		w.must(w.s.PutTicket(w.ctx(), "handoff", key, []byte("x"), deadline))
	}
	w.clock.Advance(time.Minute - time.Millisecond)
	if _, err := w.s.TakeTicket(w.ctx(), "handoff", early); err != nil {
		w.Fatalf("a ticket before its deadline: %v", err)
	}
	w.clock.Advance(time.Millisecond)
	_, err := w.s.TakeTicket(w.ctx(), "handoff", late)
	w.wantErr(err, store.ErrNotFound, "a ticket at its deadline")
	w.must(w.s.PutTicket(w.ctx(), "handoff", reused, []byte("y"), w.clock.Now().Add(time.Minute)))
	got, err := w.s.TakeTicket(w.ctx(), "handoff", reused)
	if err != nil || string(got) != "y" {
		w.Fatalf("took %q, %v from a ticket in the place of an expired one", got, err)
	}
}

func ticketRace(w *world) {
	key := newKey()
	puts := race(func(i int) bool {
		err := w.s.PutTicket(w.ctx(), "once", key, []byte{byte(i)}, w.clock.Now().Add(time.Minute))
		if err != nil && !errors.Is(err, store.ErrTaken) {
			w.Errorf("putting: %v", err)
		}
		return err == nil
	})
	takes := race(func(int) bool {
		got, err := w.s.TakeTicket(w.ctx(), "once", key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			w.Errorf("taking: %v", err)
		}
		return err == nil && len(got) == 1
	})
	if puts != 1 || takes != 1 {
		w.Fatalf("%d put and %d took the ticket, want 1 and 1", puts, takes)
	}
}

// count counts once and returns whether there was room.
func (w *world) count(name string, limit int) bool {
	w.Helper()
	ok, left, err := w.s.Count(w.ctx(), name, limit, 15*time.Minute)
	w.must(err)
	if left <= 0 || left > 15*time.Minute {
		w.Fatalf("%v left of a window of 15 minutes", left)
	}
	return ok
}

func counterWindow(w *world) {
	for i := range 10 {
		if !w.count("account", 10) {
			w.Fatalf("no room for guess %d of 10", i+1)
		}
		w.clock.Advance(time.Minute)
	}
	if w.count("account", 10) {
		w.Fatal("room for an eleventh guess")
	}
	ok, left, err := w.s.Count(w.ctx(), "account", 10, 15*time.Minute)
	if ok || left != 5*time.Minute || err != nil {
		w.Fatalf("%v, %v, %v: want no room for 5 more minutes", ok, left, err)
	}
	if !w.count("account", 11) {
		w.Fatal("no room below a higher limit")
	}
	w.clock.Advance(5*time.Minute - time.Millisecond)
	if w.count("account", 10) {
		w.Fatal("room before the window is over")
	}
	w.clock.Advance(time.Millisecond)
	ok, left, err = w.s.Count(w.ctx(), "account", 10, 15*time.Minute)
	if !ok || left != 15*time.Minute || err != nil {
		w.Fatalf("%v, %v, %v: want room in a new window", ok, left, err)
	}
}

func counterRelease(w *world) {
	w.must(w.s.Release(w.ctx(), "never counted"))
	for range 3 {
		w.count("account", 3)
	}
	w.must(w.s.Release(w.ctx(), "account"))
	if !w.count("account", 3) || w.count("account", 3) {
		w.Fatal("giving one back made room for other than one")
	}
	for range 9 {
		w.must(w.s.Release(w.ctx(), "account"))
	}
	for i := range 3 {
		if !w.count("account", 3) {
			w.Fatalf("no room for guess %d of 3 after all were given back", i+1)
		}
	}
	if w.count("account", 3) {
		w.Fatal("giving back more than was counted made room")
	}
	w.clock.Advance(15 * time.Minute)
	w.must(w.s.Release(w.ctx(), "account"))
	for range 3 {
		w.count("account", 3)
	}
	if w.count("account", 3) {
		w.Fatal("giving back after the window made room in the next")
	}
}

func counterNames(w *world) {
	names := []string{"", "account:ann@example.com", "account:ANN@example.com", "address:192.0.2.7", "address:192.0.2.70",
		"a{b}c", "a*?\\ \x00\xff"}
	for _, name := range names {
		if !w.count(name, 1) {
			w.Fatalf("no room in %q", name)
		}
	}
	for _, name := range names {
		if w.count(name, 1) {
			w.Fatalf("room twice in %q", name)
		}
	}
}

func counterRace(w *world) {
	if won := race(func(int) bool {
		ok, _, err := w.s.Count(w.ctx(), "account", 10, 15*time.Minute)
		if err != nil {
			w.Errorf("counting: %v", err)
		}
		return ok
	}); won != 10 {
		w.Fatalf("%d of the racers found room, want 10", won)
	}
}
