package sql

import (
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

func TestTheAuditTrailKeepsTheContract(t *testing.T) {
	for _, d := range suites {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			fresh := d.fresh(t)
			storetest.Audit(t, func(t *testing.T) storetest.UsersHarness {
				p := fresh(t)
				return storetest.UsersHarness{Open: func(t *testing.T, now func() time.Time) store.UserStore {
					return p.opened(t, now)
				}}
			})
		})
	}
}

func TestTheQueueOfDeliveriesKeepsTheContract(t *testing.T) {
	for _, d := range suites {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			fresh := d.fresh(t)
			storetest.Deliveries(t, func(t *testing.T) storetest.UsersHarness {
				p := fresh(t)
				return storetest.UsersHarness{Open: func(t *testing.T, now func() time.Time) store.UserStore {
					return p.opened(t, now)
				}}
			})
		})
	}
}
