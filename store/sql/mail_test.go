package sql

import (
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

func TestTheOutboxOfMailKeepsTheContract(t *testing.T) {
	for _, d := range suites {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel() // the two dialects beside one another; each test has a database of its own
			fresh := d.fresh(t)
			storetest.Outbox(t, func(t *testing.T) storetest.OutboxHarness {
				p := fresh(t)
				return storetest.OutboxHarness{Open: func(t *testing.T) storetest.OutboxHandle { return p.opened(t, time.Now) }}
			})
		})
	}
}
