package audit

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

// trail is a store of events in memory that can fail.
type trail struct {
	mu     sync.Mutex
	events map[string]store.AuditEvent
	writes int
	fail   error
	purged time.Time
}

func (s *trail) AppendEvents(_ context.Context, events []store.AuditEvent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	if s.fail != nil {
		return s.fail
	}
	if s.events == nil {
		s.events = map[string]store.AuditEvent{}
	}
	for _, e := range events {
		s.events[e.ID] = e
	}
	return nil
}

func (s *trail) ListEvents(context.Context, store.AuditQuery) ([]store.AuditEvent, error) {
	return nil, errors.New("not asked here")
}

func (s *trail) PurgeEvents(_ context.Context, before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.purged = before
	return nil
}

func (s *trail) failWith(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *trail) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

func recording(t *testing.T, test func(*Recorder, *trail)) {
	synctest.Test(t, func(t *testing.T) {
		s := &trail{}
		r := NewRecorder(s, nil, nil)
		test(r, s)
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestEventsAreWrittenInBatchesAndNobodyWaits(t *testing.T) {
	recording(t, func(r *Recorder, s *trail) {
		for range 1000 {
			r.Record(Event{ID: newEventID(), Kind: EventSignIn, Result: ResultOK, UserID: "ann", Time: time.Now()})
		}
		time.Sleep(recordDelay)
		synctest.Wait()
		if s.count() != 1000 || s.writes != 4 {
			t.Errorf("%d events in %d writes", s.count(), s.writes)
		}
	})
}

func TestTheTrailOutlivesAnOutageOfTheStore(t *testing.T) {
	recording(t, func(r *Recorder, s *trail) {
		s.failWith(store.ErrUnavailable)
		for range 500 {
			r.Record(Event{ID: newEventID(), Kind: EventUserChange, Result: ResultOK, Time: time.Now()})
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if s.writes > 200 {
			t.Errorf("%d tries in an hour", s.writes)
		}
		s.failWith(nil)
		time.Sleep(recordBackoff.Longest)
		synctest.Wait()
		if s.count() != 500 {
			t.Errorf("%d events of 500", s.count())
		}
	})
}

func TestWhatWaitsAtTheEndIsWritten(t *testing.T) {
	var s *trail
	recording(t, func(r *Recorder, kept *trail) {
		s = kept
		r.Record(Event{ID: newEventID(), Kind: EventSignOut, Result: ResultOK, Time: time.Now()})
	})
	if s.count() != 1 {
		t.Errorf("%d events", s.count())
	}
}

// A flood of wrong passwords must not fill the disk, and must not push out what was done meanwhile.
func TestAFloodOfRefusalsIsCountedAndWhatWasDoneIsKept(t *testing.T) {
	recording(t, func(r *Recorder, s *trail) {
		for range 10_000 {
			r.Record(Event{ID: newEventID(), Kind: EventSignIn, Result: ResultRefused, Reason: "wrong password",
				Time: time.Now()})
			r.Record(Event{ID: newEventID(), Kind: EventSignOut, Result: ResultOK, Time: time.Now()})
		}
		r.Record(Event{ID: newEventID(), Kind: EventSessionTheft, Result: ResultRefused, Time: time.Now()})
		time.Sleep(2 * time.Minute)
		r.Record(Event{ID: newEventID(), Kind: EventSignIn, Result: ResultRefused, Time: time.Now()})
		time.Sleep(recordDelay)
		synctest.Wait()
		refused, told, others, counted := 0, "", 0, 0
		for _, e := range s.events {
			switch {
			case e.Kind == EventSessionTheft:
				others++
			case e.Result == ResultRefused:
				refused++
				counted += max(e.Times, 1)
			}
			if strings.HasSuffix(e.Reason, "in this minute") {
				told = e.Reason
			}
		}
		if counted != refused-1+9700 {
			t.Errorf("%d refusals are counted", counted)
		}
		if refused != refusalsKept+2 || told != "9700 more in this minute" || others != 1 ||
			s.count() != 10_001+refused {
			t.Errorf("%d refusals of %d events, %q, %d of another kind", refused, s.count(), told, others)
		}
	})
}

func TestOldEventsAreForgotten(t *testing.T) {
	recording(t, func(r *Recorder, s *trail) {
		r.Keep(24 * time.Hour)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if age := time.Since(s.purged); age < 24*time.Hour || age > 26*time.Hour {
			t.Errorf("purged what is older than %s", age)
		}
	})
}

// An outage of days must not end the process for want of memory, nor leave a gap that nobody knows of.
func TestAnOutageThatFillsTheMemoryIsToldInTheTrail(t *testing.T) {
	recording(t, func(r *Recorder, s *trail) {
		s.failWith(store.ErrUnavailable)
		for range mostWaiting + 7 {
			r.Record(Event{ID: newEventID(), Kind: EventSignOut, Result: ResultOK, Time: time.Now()})
		}
		s.failWith(nil)
		time.Sleep(2 * recordBackoff.Longest)
		synctest.Wait()
		gap := ""
		for _, e := range s.events {
			if e.Kind == EventAuditGap {
				gap = e.Reason
			}
		}
		if s.count() != mostWaiting+1 || gap != "7 events are in the log only" {
			t.Errorf("%d events, %q", s.count(), gap)
		}
	})
}
