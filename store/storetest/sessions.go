package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// SessionsHarness is what a driver of the session store gives the suite: one set of data and ways to reach it.
type SessionsHarness struct {
	// Open opens a handle on the data. It is called several times: each handle is an instance of the gateway of its own,
	// and a handle opened after another was closed finds what that one left. The suite closes every handle; one may
	// be closed twice.
	Open func(t *testing.T, now func() time.Time) store.SessionStore

	// PutUser makes the account u, or replaces it where u.Version is above 1, for drivers that read identities from
	// the users store. It tells the session store nothing. Drivers that keep copies leave it nil. Versions come in
	// steps of one; no one holds the role admin.
	PutUser func(t *testing.T, u store.User)
}

// Sessions holds a session store against package store. fresh is called once for every test, and returns data that is
// empty and that no other test uses.
func Sessions(t *testing.T, fresh func(t *testing.T) SessionsHarness) {
	tests := []struct {
		name string
		run  func(*world)
	}{
		{"a sign-in is read back as it was stored", readBack},
		{"an unknown key is not found", unknownKey},
		{"what a caller does to a returned session stays with the caller", returnedCopies},
		{"the absolute deadline ends a session however often it is used", absoluteDeadline},
		{"the idle deadline slides with use", idleDeadline},
		{"a remembered session has no idle deadline", remembered},
		{"last seen never goes back", lastSeenForward},
		{"an expired session stays expired when it is touched", touchExpired},
		{"a touch after the end revives nothing", touchAfterEnd},
		{"touching what is unknown is no error", touchUnknown},
		{"ending while touches race leaves nothing", endWhileTouching},

		{"a child carries what its sign-in carries", childCopies},
		{"use of any child is use of all", childrenSlide},
		{"a child of an ended sign-in is not found", childOfEnded},
		{"a child of another user's sign-in is not found", childOfStranger},
		{"a child created while its sign-in ends does not live", childRacingEnd},
		{"the end of a sign-in ends its children", endCascades},
		{"only the owner can end a sign-in, once", endOwner},
		{"a child's id ends nothing", endChildID},
		{"of racing ends one wins", endRace},
		{"every sign-in of a user ends but the excepted one", endAllExcept},
		{"sign-ins are listed newest first, without children", listing},
		{"a sign-in is found by its id for its owner only", byID},
		{"sign-ins that live are counted", countLiving},

		{"a secret that was offered takes over when it is shown", offeredTakesOver},
		{"an old secret shown late ends the family, and one caller is told", oldSecretReplayed},
		{"of racing offers one wins", offerRace},
		{"a secret shown by many at once takes over once", showRace},
		{"secrets whose answer was lost stay good until one is shown", offersLost},
		{"looking again shows nothing", peeking},
		{"a proof voids the secrets offered before", proveVoidsSecrets},
		{"secrets are found by another handle and after reopening", secretsReopened},

		{"a proof changes the key and is seen by the whole family", proveParent},
		{"a proof through a child changes the child's key only", proveChild},
		{"of racing proofs one wins", proveRace},
		{"of racing proofs through a child one wins", proveChildRace},
		{"proofs and new children that race lose neither", proveWhileChildren},
		{"nothing is proved on an ended session", proveEnded},
		{"a family ends whole after its key changed", endAfterProve},

		{"new rights reach every session of the user", refreshSpreads},
		{"older rights never replace newer ones", refreshOlder},
		{"rights that race end in the newest", refreshRace},
		{"an inactive identity ends every session", refreshInactive},
		{"sessions of an account that owes a new password end", refreshDue},
		{"refreshing a user without sessions is no error", refreshNobody},

		{"a ticket is taken once", ticketOnce},
		{"a ticket of one purpose is unknown to another", ticketPurpose},
		{"a ticket dies at its deadline", ticketDeadline},
		{"of callers racing for a ticket one gets it", ticketRace},
		{"a counter has room up to its limit and again after its window", counterWindow},
		{"a guess is given back", counterRelease},
		{"counters are apart by name", counterNames},
		{"of callers racing for a counter limit find room", counterRace},

		{"what one handle changes the other sees and is told", feedTells},
		{"every kind of change is told", feedKinds},
		{"many changes are all told, one at a time", feedMany},
		{"cancelling waits for the call under way and is the last", feedCancel},
		{"a late subscriber is told that the feed is up", feedLate},

		{"reopening keeps sessions, tickets and counters", reopening},
		{"every call after closing is ErrClosed", useAfterClose},
		{"a cancelled call fails and changes nothing", cancelled},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := &world{T: t, h: fresh(t), clock: NewClock()}
			w.s = w.open()
			test.run(w)
		})
	}
}

// Clock is a clock that only moves when told to. It starts in the past, where a driver that trusts its server's clock
// loses everything at once.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at some whole second of 2024.
func NewClock() *Clock { return &Clock{now: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)} }

// Now returns the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
