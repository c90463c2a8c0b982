package store

import (
	"context"
	"time"
)

// Delivery is an event of the audit trail that a receiver elsewhere has yet to take.
type Delivery struct {
	Event AuditEvent
	Due   time.Time // not before; moved on by ClaimDeliveries and SettleDeliveries
	Tries int       // how often it was tried in vain
	Fault string    // why the last try failed, for the operator; empty at first
	Done  bool      // for SettleDeliveries: it was taken
}

// DeliveryQueue is what waits to be told.
type DeliveryQueue struct {
	Waiting int
	Tried   int       // of them, those that were tried in vain
	Oldest  time.Time // when the oldest of them happened; zero where none waits
	Fault   string    // of the one that was tried most often
}

// Deliveries is an optional ability of a store that keeps an audit trail: to remember which of its events were not told
// yet, so that a restart loses none, and of several gateways one tells each. What is forgotten of the trail is told no
// more.
type Deliveries interface {
	// AppendForDelivery is AppendEvents, and queues what it stores in the same step, due when it happened. What was stored
	// before is not queued again: it may have been told.
	AppendForDelivery(ctx context.Context, events []AuditEvent) error

	// ClaimDeliveries returns up to limit events that are due at now, the one due first first, and moves their Due to
	// until in the same step: of several gateways one gets each, and a gateway that dies gives them back by then.
	ClaimDeliveries(ctx context.Context, now, until time.Time, limit int) ([]Delivery, error)

	// SettleDeliveries forgets those of list that are Done, and gives the others back with their Due, Tries and Fault.
	// What another gateway settled meanwhile stays as that one left it.
	SettleDeliveries(ctx context.Context, list []Delivery) error

	// WaitingDeliveries tells what waits.
	WaitingDeliveries(ctx context.Context) (DeliveryQueue, error)
}
