package gateway

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Upstream is an app behind a gate. It answers every request with what it was sent, as JSON, and remembers it.
type Upstream struct {
	Address string // host:port

	mu   sync.Mutex
	seen []Seen
}

// Seen is one request as the upstream got it.
type Seen struct {
	Method, Path, Query string
	Header              http.Header
}

// StartUpstream runs an upstream for the length of a test.
func StartUpstream(t testing.TB) *Upstream {
	u := &Upstream{}
	server := httptest.NewServer(u)
	t.Cleanup(server.Close)
	u.Address = strings.TrimPrefix(server.URL, "http://")
	return u
}

// ServeHTTP answers.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seen := Seen{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: r.Header.Clone()}
	u.mu.Lock()
	u.seen = append(u.seen, seen)
	u.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(seen)
}

// Requests returns what came so far.
func (u *Upstream) Requests() []Seen {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]Seen(nil), u.seen...)
}
