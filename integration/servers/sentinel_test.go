package servers_test

import (
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

func TestSentinelsPromoteTheReplicaOnRequestAndWhenTheMasterDies(t *testing.T) {
	t.Parallel()
	s := servers.StartSentinel(t)
	first := s.Master()
	if first != s.Redis[0] {
		t.Fatalf("the master is %s at first", first.Addr)
	}
	mustDo(t, first.Client().Set(t.Context(), "k", "v", 0).Err())
	s.Failover()
	second := s.Master()
	if second != s.Redis[1] {
		t.Fatalf("the master is %s after the failover", second.Addr)
	}
	if got, err := second.Client().Get(t.Context(), "k").Result(); got != "v" || err != nil {
		t.Fatalf("on the new master: %q, %v", got, err)
	}
	second.Kill()
	third := s.AwaitMaster(second)
	if third != first {
		t.Fatalf("the master is %s after the second one died", third.Addr)
	}
	mustDo(t, third.Client().Set(t.Context(), "k", "w", 0).Err())
}
