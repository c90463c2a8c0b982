package redis_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/redis"
)

// TestMemoryPerSession holds the promise of 400 bytes a session, index included, at a million sign-ins of as many users
// (scaled by GATEHOUSE_LOAD), as people have them: an address as username, a name, two roles, a browser.
func TestMemoryPerSession(t *testing.T) {
	const full, limit = 1_000_000, 400
	server := servers.StartRedis(t, servers.InMemory())
	s := open(t, []string{server.URL}, time.Now)
	rdb := server.Client()
	// The scripts, the connections and what the allocator keeps ready are no session's.
	create(t, s, 0, 100)
	before := usedMemory(t, rdb.Info(t.Context(), "memory").Val())
	n := servers.Scale(t, full)
	create(t, s, 100, n)
	after := usedMemory(t, rdb.Info(t.Context(), "memory").Val())
	each := float64(after-before) / float64(n)
	t.Logf("%d sessions: %.0f bytes each", n, each)
	if each > limit {
		t.Errorf("%.0f bytes a session, more than %d", each, limit)
	}
	for i := range 10 {
		user := userID(100 + i*n/10)
		if list, err := s.SessionsOf(t.Context(), user); err != nil || len(list) != 1 {
			t.Errorf("%d sign-ins listed, %v", len(list), err)
		}
	}
}

func userID(i int) string {
	sum := store.KeyOf(fmt.Append(nil, "user", i))
	return lower.EncodeToString(sum[:16])
}

// create signs n users in, from first on.
func create(t *testing.T, s *redis.Store, first, n int) {
	t.Helper()
	browsers := []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
	}
	ids := idMaker()
	var wg sync.WaitGroup
	const workers = 16
	for w := range workers {
		wg.Go(func() {
			for i := first + w; i < first+n; i += workers {
				now := time.Now()
				user := userID(i)
				l := store.ActiveSession{
					Session: store.Session{Key: store.KeyOf(fmt.Append(nil, "secret", i)), ID: ids(), UserID: user, Host: "portal.example.com",
						Created: now, LastSeen: now, Idle: 30 * time.Minute, Expires: now.Add(12 * time.Hour),
						Proofs:  []store.Proof{{Method: "password", At: now}},
						Address: fmt.Sprintf("198.51.%d.%d", i>>8&255, i&255), Device: browsers[i%len(browsers)]},
					Identity: store.Identity{UserID: user, Version: 3, Username: fmt.Sprintf("maria.lopez%07d@example.com", i),
						Email: fmt.Sprintf("maria.lopez%07d@example.com", i), Name: fmt.Sprintf("María López %d", i%1000),
						Roles: []string{"editor", "member"}, Active: true},
				}
				if err := s.CreateSession(t.Context(), &l); err != nil {
					t.Errorf("session %d: %v", i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func usedMemory(t *testing.T, info string) int {
	t.Helper()
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "used_memory:"); ok {
			n, err := strconv.Atoi(v)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("INFO told no used_memory")
	return 0
}
