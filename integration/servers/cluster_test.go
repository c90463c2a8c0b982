package servers_test

import (
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

func TestClusterSpreadsKeysOverThreeMasters(t *testing.T) {
	t.Parallel()
	s := servers.StartCluster(t)
	addrs := []string{s.Nodes[0].Addr} // the others are found through the first
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	defer c.Close()
	for i := range 100 {
		mustDo(t, c.Set(t.Context(), fmt.Sprint("k", i), i, 0).Err())
	}
	total := int64(0)
	for _, node := range s.Nodes {
		n := node.Client().DBSize(t.Context()).Val()
		if n == 0 {
			t.Errorf("no key on %s", node.URL)
		}
		total += n
	}
	if total != 100 || len(s.URLs) != 3 {
		t.Errorf("%d keys on %d nodes", total, len(s.URLs))
	}
}
