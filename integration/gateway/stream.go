package gateway

import (
	"bufio"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/websocket"
)

// Stream is an answer that stays open: server-sent events, or a WebSocket.
type Stream struct {
	Ended chan struct{} // closed when the other side has ended it

	heard chan string
	say   func(string) error
}

func newStream(receive func() (string, error), say func(string) error) *Stream {
	s := &Stream{Ended: make(chan struct{}), heard: make(chan string, 100), say: say}
	go func() {
		defer close(s.Ended)
		for {
			text, err := receive()
			if err != nil {
				return
			}
			s.heard <- text
		}
	}()
	return s
}

// Events opens a stream of server-sent events and waits for its first word.
func (p *Person) Events(address string, header ...string) *Stream {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	endless := *p.Client
	endless.Timeout = 0
	answer, err := endless.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		p.t.Fatalf("GET %s: %d %s", address, answer.StatusCode, text)
	}
	lines := bufio.NewReader(answer.Body)
	s := newStream(func() (string, error) {
		for {
			line, err := lines.ReadString('\n')
			if err != nil || strings.TrimSpace(line) != "" {
				return strings.TrimSpace(line), err
			}
		}
	}, nil)
	s.Hears(p.t, "data: tick")
	return s
}

// Socket opens a WebSocket, as a page of the site does, and waits until it works.
func (p *Person) Socket(address string) *Stream {
	p.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		p.t.Fatal(err)
	}
	origin := u.Scheme + "://" + u.Host
	config, err := websocket.NewConfig(strings.Replace(address, "http", "ws", 1), origin)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range p.Client.Jar.Cookies(u) {
		config.Header.Add("Cookie", c.Name+"="+c.Value)
	}
	conn, err := dialLoopback(p.t.Context(), "tcp", u.Host)
	if err != nil {
		p.t.Fatal(err)
	}
	if u.Scheme == "https" {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, ServerName: u.Hostname(), NextProtos: []string{"http/1.1"}})
	}
	socket, err := websocket.NewClient(config, conn)
	if err != nil {
		p.t.Fatalf("WebSocket %s: %v", address, err)
	}
	p.t.Cleanup(func() { _ = socket.Close() })
	s := newStream(func() (text string, err error) {
		err = websocket.Message.Receive(socket, &text)
		return text, err
	}, func(text string) error { return websocket.Message.Send(socket, text) })
	s.Repeats(p.t, "hello")
	return s
}

// Repeats says something into a WebSocket and waits to hear it again.
func (s *Stream) Repeats(t testing.TB, text string) {
	t.Helper()
	if err := s.say(text); err != nil {
		t.Fatalf("a WebSocket takes nothing: %v", err)
	}
	s.Hears(t, text)
}

// Hears waits for a word.
func (s *Stream) Hears(t testing.TB, want string) {
	t.Helper()
	var got string
	Eventually(t, "the stream says "+want, func() bool {
		select {
		case got = <-s.heard:
			return got == want
		default:
			return false
		}
	})
}

// Over reports whether the stream has ended.
func (s *Stream) Over() bool {
	select {
	case <-s.Ended:
		return true
	default:
		return false
	}
}
