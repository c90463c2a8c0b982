package gatetest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// socket is an open WebSocket of a test: bytes go to the upstream and come back.
type socket struct {
	net.Conn
	r *bufio.Reader
}

// dial opens a WebSocket over plain HTTP/1.1 and returns the answer, and the tunnel if there is one.
func (w *world) dial(path string, header ...string) (*http.Response, *socket) {
	w.t.Helper()
	c, err := net.Dial("tcp", w.http)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	text := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", path, host, port(w.http))
	for i := 0; i+1 < len(header); i += 2 {
		text += header[i] + ": " + header[i+1] + "\r\n"
	}
	if _, err := io.WriteString(c, text+"\r\n"); err != nil {
		w.t.Fatal(err)
	}
	r := bufio.NewReader(c)
	res, _ := readAnswers(w.t, r)
	return res, &socket{c, r}
}

// echoes fails the test unless what is sent comes back.
func (s *socket) echoes(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(s, "ping"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 4)
	if _, err := io.ReadFull(s.r, got); err != nil || string(got) != "ping" {
		t.Fatalf("%q %v", got, err)
	}
}

// ends waits until the tunnel is closed, and returns how long that took.
func (s *socket) ends(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	_ = s.SetReadDeadline(began.Add(time.Minute))
	if _, err := io.Copy(io.Discard, s.r); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Fatal("the tunnel stays open")
	}
	return time.Since(began)
}

// Browsers send cookies with a WebSocket that any page opens, and ask nobody (cross-site WebSocket hijacking).
func TestAWebSocketOfAnotherOriginIsRefused(t *testing.T) {
	w := gated(t, "cors https://spa.example.com\noptional /optional\nallow user")
	w.up.does(acceptWebSocket)
	ann := w.signedIn("ann", 0)
	own := "http://" + host + ":" + port(w.http)
	for _, path := range []string{"/", "/optional"} {
		for origin, allowed := range map[string]bool{
			"": true, own: true, strings.ToUpper(own): true, "https://spa.example.com": true,
			"http://" + host: false, "https://" + host + ":" + port(w.http): false, "http://evil.example": false, "http://sub." + host + ":" + port(w.http): false,
			"null": false, "http://" + host + ":" + port(w.http) + "@evil.example": false, "file://": false, "http://" + host + ".:" + port(w.http): false,
			"https://spa.example.com.evil.example": false, "http://spa.example.com": false,
		} {
			header := ann.cookie(h1)
			if origin != "" {
				header = append(header, "Origin", origin)
			}
			res, s := w.dial(path, header...)
			if !allowed {
				body, _ := io.ReadAll(res.Body)
				if res.StatusCode != http.StatusForbidden || !strings.Contains(string(body), `"cross_origin"`) {
					t.Errorf("%s %s: %d %s", path, origin, res.StatusCode, body)
				}
				w.up.nothing(t, origin)
				continue
			}
			if res.StatusCode != http.StatusSwitchingProtocols {
				t.Errorf("%s %s: %d", path, origin, res.StatusCode)
				continue
			}
			s.echoes(t)
			if got := w.up.only(t); got.header("Remote-User") != "ann" || got.has("Cookie") {
				t.Errorf("%s: the upstream got\n%s", origin, got.text())
			}
			if got := strings.Join(res.Header["Set-Cookie"], "|"); got != "theme=dark" || res.Header["Clear-Site-Data"] != nil {
				t.Errorf("101 passes %v", res.Header)
			}
			_ = s.Close()
		}
	}
	// two Origin lines are none that could be compared
	if res, _ := w.dial("/", append(ann.cookie(h1), "Origin", own, "Origin", "http://evil.example")...); res.StatusCode != http.StatusForbidden {
		t.Errorf("two origins: %d", res.StatusCode)
	}
}

// Without our cookie a WebSocket is like any other request: a token is no cookie, and a public path knows nobody.
func TestAWebSocketWithoutOurCookie(t *testing.T) {
	w := gated(t, "public /public\nallow user")
	w.up.does(acceptWebSocket)
	ann := w.signedIn("ann", 0)
	if res, _ := w.dial("/", "Origin", "http://evil.example"); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("anonymous: %d", res.StatusCode)
	}
	w.up.nothing(t, "anonymous")
	if res, s := w.dial("/", "Origin", "http://evil.example", "Authorization", "Bearer "+w.token(ann.User)); res.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("by token: %d", res.StatusCode)
	} else {
		s.echoes(t)
	}
	if got := w.up.only(t); got.header("Remote-User") != "ann" || got.has("Authorization") {
		t.Errorf("the upstream got\n%s", got.text())
	}
	if res, _ := w.dial("/public", append(ann.cookie(h1), "Origin", "http://evil.example")...); res.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("public: %d", res.StatusCode)
	}
	if got := w.up.only(t); got.has("Remote-User") || got.has("Cookie") {
		t.Errorf("public: the upstream got\n%s", got.text())
	}
}

// At reserved paths there is no WebSocket.
func TestNoWebSocketAtReservedPaths(t *testing.T) {
	w := gated(t, "")
	if res, _ := w.dial("/.gatehouse/api/v1/session"); res.StatusCode != http.StatusBadRequest {
		t.Errorf("%d", res.StatusCode)
	}
	w.up.nothing(t, "reserved")
}
