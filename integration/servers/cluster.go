package servers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	clusterNodes = 3
	clusterSlots = 16384
)

// RedisClusterServers are three masters without replicas that share the hash slots.
type RedisClusterServers struct {
	Nodes []*RedisServer
	URLs  []string
}

// StartCluster starts a cluster for this test alone.
func StartCluster(t testing.TB) *RedisClusterServers {
	t.Helper()
	need(t, "redis-server")
	c, err := startCluster(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range c.Nodes {
		own(t, node.Process)
	}
	return c
}

func startCluster(dir string) (*RedisClusterServers, error) {
	c := &RedisClusterServers{}
	for i := range clusterNodes {
		nodeDir := filepath.Join(dir, "node"+strconv.Itoa(i))
		if err := os.Mkdir(nodeDir, 0o700); err != nil {
			return nil, c.abandon(err)
		}
		node, err := startRedis(nodeDir, WithConfig("cluster-enabled", "yes"), WithConfig("cluster-node-timeout", "5000"))
		if err != nil {
			return nil, c.abandon(err)
		}
		c.Nodes, c.URLs = append(c.Nodes, node), append(c.URLs, node.URL)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if err := c.join(ctx); err != nil {
		return nil, c.abandon(err)
	}
	return c, nil
}

func (c *RedisClusterServers) abandon(err error) error {
	for _, node := range c.Nodes {
		_ = node.signalAndWait(syscall.SIGKILL)
	}
	return err
}

// join shares out the slots, introduces the nodes to the first one, and waits until each knows all.
func (c *RedisClusterServers) join(ctx context.Context) error {
	for i, node := range c.Nodes {
		add := []any{"CLUSTER", "ADDSLOTS"}
		for slot := i * clusterSlots / clusterNodes; slot < (i+1)*clusterSlots/clusterNodes; slot++ {
			add = append(add, slot)
		}
		if _, err := node.do(ctx, add...); err != nil {
			return err
		}
		if _, err := node.do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1); err != nil {
			return err
		}
	}
	for _, node := range c.Nodes[1:] {
		if _, err := c.Nodes[0].do(ctx, "CLUSTER", "MEET", "127.0.0.1", node.port); err != nil {
			return err
		}
	}
	return until(ctx, "the cluster is whole", func() error {
		for _, node := range c.Nodes {
			info, err := node.do(ctx, "CLUSTER", "INFO")
			if err != nil {
				return err
			}
			text := fmt.Sprint(info)
			for _, want := range []string{"cluster_state:ok", "cluster_slots_ok:16384", "cluster_known_nodes:3"} {
				if !strings.Contains(text, want) {
					return fmt.Errorf("%s: no %s in %q", node.name, want, text)
				}
			}
		}
		return nil
	})
}

// until polls a condition that another process brings about.
func until(ctx context.Context, what string, holds func() error) error {
	for {
		err := holds()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w", what, err)
		case <-time.After(pollEvery):
		}
	}
}
