package gatetest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
)

// streaming makes the upstream send a line, and then wait for the connection to end.
func (u *upstream) streaming(contentType string) {
	u.does(func(_ seen, c net.Conn, r *bufio.Reader) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: "+contentType+"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata\n\r\n")
		_, _ = io.Copy(io.Discard, r)
		_ = c.Close()
	})
}

// endings are the ways in which the right to a stream ends.
var endings = map[string]func(*world, person){
	"signed out": func(w *world, a person) { w.end(a) },
	"disabled": func(w *world, a person) {
		w.change(a, func(u *store.User) { u.Enabled = false })
	},
	"role taken": func(w *world, a person) {
		w.change(a, func(u *store.User) { u.Roles = nil })
	},
}

func (w *world) change(a person, how func(*store.User)) {
	w.t.Helper()
	u, err := w.users.User(w.t.Context(), a.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	how(&u)
	if _, err := w.users.UpdateUser(w.t.Context(), u); err != nil {
		w.t.Fatal(err)
	}
}

// soon is when a change must have reached every open stream, as long runs judge it.
const soon = 3 * time.Second

// inTime fails a long run unless what ended was ended soon.
func inTime(t *testing.T, what string, took time.Duration) {
	t.Helper()
	if servers.Long(t) && took > soon {
		t.Errorf("%s: took %s", what, took)
	}
}

// What is open ends with the session behind it, whether the request or only the answer said that it would stay open.
func TestStreamsEndWithTheSession(t *testing.T) {
	for name, ending := range endings {
		t.Run(name, func(t *testing.T) {
			w := gated(t, "allow role:member")
			ann := w.signedIn("ann", 0, "member")
			open := map[string]io.ReadCloser{}
			for _, p := range protos {
				for _, c := range []struct{ accept, contentType string }{{"text/event-stream", "text/event-stream"}, {"*/*", "text/event-stream; charset=utf-8"},
					{"*/*", "multipart/x-mixed-replace; boundary=x"}, {"*/*", "application/x-ndjson"}} {
					w.up.streaming(c.contentType)
					res, err := w.open(t.Context(), p, "GET", "/events", "", append(ann.cookie(p), "Accept", c.accept)...)
					if err != nil || res.StatusCode != http.StatusOK {
						t.Fatal(res, err)
					}
					defer res.Body.Close()
					line := make([]byte, 5)
					if _, err := io.ReadFull(res.Body, line); err != nil {
						t.Fatal(err)
					}
					open[string(p)+" "+c.accept+" "+c.contentType] = res.Body
				}
			}
			ending(w, ann)
			for what, body := range open {
				inTime(t, what, ends(t, body))
			}
		})
	}
}

// ends waits for the end of a body and returns how long it took.
func ends(t *testing.T, body io.ReadCloser) time.Duration {
	t.Helper()
	began := time.Now()
	over := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, body)
		close(over)
	}()
	select {
	case <-over:
	case <-time.After(time.Minute):
		t.Fatal("the stream stays open")
	}
	return time.Since(began)
}

func TestWebSocketsEndWithTheSession(t *testing.T) {
	for name, ending := range endings {
		t.Run(name, func(t *testing.T) {
			w := gated(t, "allow role:member")
			w.up.does(acceptWebSocket)
			ann, bob := w.signedIn("ann", 0, "member"), w.signedIn("bob", 0, "member")
			res, s := w.dial("/", ann.cookie(h1)...)
			_, other := w.dial("/", bob.cookie(h1)...)
			if res.StatusCode != http.StatusSwitchingProtocols {
				t.Fatal(res.Status)
			}
			s.echoes(t)
			ending(w, ann)
			inTime(t, "the tunnel", s.ends(t))
			other.echoes(t) // somebody else's goes on
		})
	}
}

// A token that is taken back ends what it opened.
func TestStreamsEndWithTheToken(t *testing.T) {
	w := gated(t, "allow user")
	w.up.does(acceptWebSocket)
	token := w.token(w.user("ann"))
	res, s := w.dial("/", "Authorization", "Bearer "+token)
	if res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res.Status)
	}
	s.echoes(t)
	w.revoke(token)
	inTime(t, "the tunnel", s.ends(t))
}

// An answer that ends by itself leaves its connection to the next request.
func TestAFinishedStreamCutsNothing(t *testing.T) {
	w := gated(t, "allow user")
	w.up.answers("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 2\r\n\r\nok")
	ann, bob := w.signedIn("ann", 0), w.signedIn("bob", 0)
	for _, p := range protos {
		if r := w.do(p, "GET", "/", "", ann.cookie(p)...); r.Body != "ok" {
			t.Fatalf("%s: %q", p, r.Body)
		}
	}
	w.end(ann)
	for _, p := range protos {
		if r := w.do(p, "GET", "/", "", bob.cookie(p)...); r.Body != "ok" {
			t.Errorf("%s: %q", p, r.Body)
		}
	}
}
