package gateway

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/websocket"
)

// Upstream is an app behind a gate. It answers every request with what it was sent, as JSON, and remembers it. Paths that
// end in /slow are held up until Release, those that end in /events are streams that say "tick" at every Tick, and at those
// that end in /socket a WebSocket repeats what it hears.
type Upstream struct {
	Address string // host:port

	mu      sync.Mutex
	seen    []Seen
	changed chan struct{} // closed by the next Tick or Release
	open    bool          // Release was called
}

// Seen is one request as the upstream got it.
type Seen struct {
	Method, Path, Query string
	Header              http.Header
}

// StartUpstream runs an upstream for the length of a test.
func StartUpstream(t testing.TB) *Upstream {
	u := &Upstream{changed: make(chan struct{})}
	server := httptest.NewServer(u)
	t.Cleanup(func() {
		u.Release()
		server.CloseClientConnections()
		server.Close()
	})
	u.Address = strings.TrimPrefix(server.URL, "http://")
	return u
}

// ServeHTTP answers.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seen := Seen{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: r.Header.Clone()}
	u.mu.Lock()
	u.seen = append(u.seen, seen)
	u.mu.Unlock()
	switch {
	case strings.HasSuffix(seen.Path, "/slow"):
		for changed, open := u.next(); !open; changed, open = u.next() {
			<-changed
		}
	case strings.HasSuffix(seen.Path, "/events"):
		u.events(w, r)
		return
	case strings.HasSuffix(seen.Path, "/socket"):
		// without its own check of Origin: that is the gate's
		websocket.Server{Handler: repeat}.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(seen)
}

func (u *Upstream) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		changed, _ := u.next()
		if _, err := w.Write([]byte("data: tick\n\n")); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

func repeat(c *websocket.Conn) {
	for {
		var heard string
		if websocket.Message.Receive(c, &heard) != nil || websocket.Message.Send(c, heard) != nil {
			return
		}
	}
}

// Tick makes every stream of events say something.
func (u *Upstream) Tick() {
	u.mu.Lock()
	defer u.mu.Unlock()
	close(u.changed)
	u.changed = make(chan struct{})
}

// Release answers what was held up, and holds nothing up any more.
func (u *Upstream) Release() {
	u.mu.Lock()
	u.open = true
	u.mu.Unlock()
	u.Tick()
}

func (u *Upstream) next() (changed <-chan struct{}, open bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.changed, u.open
}

// Requests returns what came so far.
func (u *Upstream) Requests() []Seen {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]Seen(nil), u.seen...)
}
