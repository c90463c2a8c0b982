package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Deliveries holds the queue of events that wait to be told against package store. fresh is as for [Users].
func Deliveries(t *testing.T, fresh func(t *testing.T) UsersHarness) {
	tests := []struct {
		name string
		run  func(*people, courier)
	}{
		{"an event that was appended for delivery is in the trail and is claimed", deliveryReadBack},
		{"an event that was only appended is not claimed", deliveryPlain},
		{"a batch that is sent again is not queued again", deliveryOnce},
		{"a batch is queued whole or not at all", deliveryCancelled},
		{"what is due first is claimed first, and what is not due is not", deliveryOrder},
		{"a claimed event comes back when its time is over", deliveryComesBack},
		{"an event that is given back is due when it was said to be, and knows why", deliveryRetry},
		{"an event that was taken is not claimed again and stays in the trail", deliveryDone},
		{"settling what is gone brings nothing back", deliverySettledTwice},
		{"of racing claims each event is in one", deliveryRace},
		{"what is forgotten of the trail is told no more", deliveryPurged},
		{"reopening keeps what waits", deliveryReopening},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := &people{world: &world{T: t, clock: NewClock()}, h: fresh(t)}
			p.s = p.openUsers()
			c, ok := p.s.(courier)
			if !ok {
				t.Fatal("the store queues no deliveries")
			}
			test.run(p, c)
		})
	}
}

type courier interface {
	store.Audit
	store.Deliveries
}

// queued appends events number 0 to n-1 for delivery, each a second after the one before.
func (p *people) queued(c courier, n int) (list []store.AuditEvent) {
	p.Helper()
	for i := range n {
		list = append(list, p.event(i))
		p.clock.Advance(time.Second)
	}
	p.must(c.AppendForDelivery(p.ctx(), list))
	return list
}

// claimed fails unless exactly want are claimed for a minute, in order.
func (p *people) claimed(c courier, limit int, want ...store.AuditEvent) []store.Delivery {
	p.Helper()
	now := p.clock.Now()
	got, err := c.ClaimDeliveries(p.ctx(), now, now.Add(time.Minute), limit)
	p.must(err)
	same := len(got) == len(want)
	for i := 0; same && i < len(got); i++ {
		g, w := got[i].Event, want[i]
		same = g.Time.Equal(w.Time) && got[i].Due.Equal(now.Add(time.Minute))
		g.Time, w.Time = time.Time{}, time.Time{}
		same = same && g == w
	}
	if !same {
		p.Fatalf("claimed\n%+v, want\n%+v", got, want)
	}
	return got
}

func (p *people) waiting(c courier, want store.DeliveryQueue) {
	p.Helper()
	got, err := c.WaitingDeliveries(p.ctx())
	p.must(err)
	if !got.Oldest.Equal(want.Oldest) {
		p.Fatalf("the oldest is of %v, want %v", got.Oldest, want.Oldest)
	}
	got.Oldest, want.Oldest = time.Time{}, time.Time{}
	if got != want {
		p.Fatalf("%+v wait, want %+v", got, want)
	}
}

func deliveryReadBack(p *people, c courier) {
	p.waiting(c, store.DeliveryQueue{})
	e := p.queued(c, 1)
	p.events(c, store.AuditQuery{}, e...)
	p.waiting(c, store.DeliveryQueue{Waiting: 1, Oldest: e[0].Time})
	got := p.claimed(c, 10, e...)
	if got[0].Tries != 0 || got[0].Fault != "" || got[0].Done {
		p.Fatalf("%+v was tried", got[0])
	}
}

func deliveryPlain(p *people, c courier) {
	p.must(c.AppendEvents(p.ctx(), []store.AuditEvent{p.event(1)}))
	p.claimed(c, 10)
}

func deliveryOnce(p *people, c courier) {
	e := p.queued(c, 2)
	got := p.claimed(c, 10, e...)
	for i := range got {
		got[i].Done = true
	}
	p.must(c.SettleDeliveries(p.ctx(), got))
	late := p.event(7)
	p.must(c.AppendForDelivery(p.ctx(), append(e, late)))
	p.claimed(c, 10, late)
}

func deliveryCancelled(p *people, c courier) {
	ctx, cancel := context.WithCancel(p.ctx())
	cancel()
	if c.AppendForDelivery(ctx, []store.AuditEvent{p.event(1), p.event(2)}) == nil {
		p.Fatal("a cancelled call succeeded")
	}
	p.events(c, store.AuditQuery{})
	p.claimed(c, 10)
}

func deliveryOrder(p *people, c courier) {
	e := p.queued(c, 3)
	ahead := p.event(9)
	ahead.Time = p.clock.Now().Add(time.Hour) // another gateway's clock
	p.must(c.AppendForDelivery(p.ctx(), []store.AuditEvent{ahead}))
	p.claimed(c, 2, e[:2]...)
	p.claimed(c, 2, e[2])
	p.claimed(c, 0)
}

func deliveryComesBack(p *people, c courier) {
	e := p.queued(c, 1)
	p.claimed(c, 1, e...)
	p.claimed(c, 1)
	p.clock.Advance(time.Minute)
	p.claimed(c, 1, e...)
}

func deliveryRetry(p *people, c courier) {
	e := p.queued(c, 2)
	got := p.claimed(c, 1, e[0])
	got[0].Due, got[0].Tries, got[0].Fault = p.clock.Now().Add(5*time.Minute), 3, "it answered 500\x00"
	p.must(c.SettleDeliveries(p.ctx(), got))
	p.waiting(c, store.DeliveryQueue{Waiting: 2, Tried: 1, Oldest: e[0].Time, Fault: "it answered 500"})
	p.clock.Advance(2 * time.Minute)
	p.claimed(c, 10, e[1])
	p.clock.Advance(3 * time.Minute)
	got = p.claimed(c, 10, e[1], e[0])
	if got[1].Tries != 3 || got[1].Fault != "it answered 500" {
		p.Fatalf("given back as %+v", got[1])
	}
}

func deliveryDone(p *people, c courier) {
	e := p.queued(c, 1)
	got := p.claimed(c, 1, e...)
	got[0].Done = true
	p.must(c.SettleDeliveries(p.ctx(), got))
	p.clock.Advance(time.Hour)
	p.claimed(c, 1)
	p.waiting(c, store.DeliveryQueue{})
	p.events(c, store.AuditQuery{}, e...)
}

func deliverySettledTwice(p *people, c courier) {
	e := p.queued(c, 1)
	got := p.claimed(c, 1, e...)
	done := []store.Delivery{got[0]}
	done[0].Done = true
	p.must(c.SettleDeliveries(p.ctx(), done))
	p.must(c.SettleDeliveries(p.ctx(), got))
	p.must(c.SettleDeliveries(p.ctx(), done))
	p.must(c.SettleDeliveries(p.ctx(), nil))
	p.clock.Advance(time.Hour)
	p.claimed(c, 1)
}

func deliveryRace(p *people, c courier) {
	const events, gateways = 60, 8
	p.queued(c, events)
	var (
		mu   sync.Mutex
		seen = map[string]int{}
		wait sync.WaitGroup
	)
	now := p.clock.Now()
	for range gateways {
		other := p.openUsers().(courier)
		wait.Go(func() {
			for {
				got, err := other.ClaimDeliveries(p.ctx(), now, now.Add(time.Minute), 7)
				if err != nil {
					p.Error(err)
					return
				}
				mu.Lock()
				for _, d := range got {
					seen[d.Event.ID]++
				}
				done := len(seen) == events
				mu.Unlock()
				if len(got) == 0 || done {
					return
				}
			}
		})
	}
	wait.Wait()
	for id, n := range seen {
		if n != 1 {
			p.Errorf("event %s was claimed %d times", id, n)
		}
	}
	if left := p.left(c, now); len(seen)+left != events {
		p.Errorf("%d events were claimed and %d are left, of %d", len(seen), left, events)
	}
}

// left claims what a racing gateway passed over while another one held it.
func (p *people) left(c courier, now time.Time) int {
	p.Helper()
	got, err := c.ClaimDeliveries(p.ctx(), now, now.Add(time.Minute), 1000)
	p.must(err)
	return len(got)
}

func deliveryPurged(p *people, c courier) {
	e := p.queued(c, 3)
	got := p.claimed(c, 1, e[0])
	p.must(c.PurgeEvents(p.ctx(), e[2].Time))
	p.waiting(c, store.DeliveryQueue{Waiting: 1, Oldest: e[2].Time})
	p.must(c.SettleDeliveries(p.ctx(), got))
	p.claimed(c, 10, e[2])
}

func deliveryReopening(p *people, c courier) {
	e := p.queued(c, 2)
	p.must(p.s.Close())
	again := p.openUsers().(courier)
	p.claimed(again, 10, e...)
	if _, err := c.ClaimDeliveries(p.ctx(), p.clock.Now(), p.clock.Now(), 1); err == nil {
		p.Fatal("a closed store answers")
	}
}
