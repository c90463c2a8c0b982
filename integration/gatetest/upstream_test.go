package gatetest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// seen is one request as an upstream got it, byte for byte.
type seen struct {
	Line     string   // request line
	Lines    []string // header lines, in order
	Body     string
	Trailers []string
}

// upstream keeps every request it gets and answers as it is told.
type upstream struct {
	addr string

	mu     sync.Mutex
	got    []seen
	answer atomic.Pointer[func(s seen, c net.Conn, r *bufio.Reader)] // writes an answer; nil: 200
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	u := &upstream{addr: l.Addr().String()}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go u.serve(c)
		}
	}()
	return u
}

func (u *upstream) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		s, err := readSeen(r)
		if err != nil {
			return
		}
		u.mu.Lock()
		u.got = append(u.got, s)
		u.mu.Unlock()
		if answer := u.answer.Load(); answer != nil {
			(*answer)(s, c, r)
		} else {
			body := "ok"
			if strings.HasPrefix(s.Line, "HEAD ") {
				body = "" // a body here would be taken for the next answer on this connection
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n"+body)
		}
	}
}

// answers makes every further answer this text.
func (u *upstream) answers(text string) {
	u.does(func(_ seen, c net.Conn, _ *bufio.Reader) { _, _ = io.WriteString(c, text) })
}

func (u *upstream) does(f func(s seen, c net.Conn, r *bufio.Reader)) { u.answer.Store(&f) }

// take returns what came since it was last asked.
func (u *upstream) take() []seen {
	u.mu.Lock()
	defer u.mu.Unlock()
	got := u.got
	u.got = nil
	return got
}

// only returns the one request that came, or fails the test.
func (u *upstream) only(t *testing.T) seen {
	t.Helper()
	got := u.take()
	if len(got) != 1 {
		t.Fatalf("the upstream got %d requests, want one: %v", len(got), got)
	}
	return got[0]
}

// nothing fails the test if a request came through.
func (u *upstream) nothing(t *testing.T, when string) {
	t.Helper()
	if got := u.take(); len(got) > 0 {
		t.Errorf("%s: the upstream got %q", when, got)
	}
}

func readSeen(r *bufio.Reader) (s seen, err error) {
	if s.Line, err = readLine(r); err != nil {
		return s, err
	}
	if s.Lines, err = readLines(r); err != nil {
		return s, err
	}
	if s.has("Upgrade") {
		return s, nil
	}
	if n, _ := strconv.Atoi(s.header("Content-Length")); n > 0 {
		body := make([]byte, n)
		_, err = io.ReadFull(r, body)
		s.Body = string(body)
		return s, err
	}
	if !strings.EqualFold(s.header("Transfer-Encoding"), "chunked") {
		return s, nil
	}
	for {
		size, err := readLine(r)
		if err != nil {
			return s, err
		}
		n, err := strconv.ParseInt(size, 16, 32)
		if err != nil {
			return s, err
		}
		if n == 0 {
			break
		}
		chunk := make([]byte, n+2)
		if _, err := io.ReadFull(r, chunk); err != nil {
			return s, err
		}
		s.Body += string(chunk[:n])
	}
	s.Trailers, err = readLines(r)
	return s, err
}

func readLines(r *bufio.Reader) (lines []string, err error) {
	for {
		line, err := readLine(r)
		if err != nil || line == "" {
			return lines, err
		}
		lines = append(lines, line)
	}
}

func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}

// fold returns the spelling that the laxest upstream (CGI, WSGI, PHP) makes of a name.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name)
}

// header returns what a lax upstream reads under a name: all lines, joined.
func (s seen) header(name string) string { return strings.Join(s.values(name), "|") }

func (s seen) has(name string) bool { return len(s.values(name)) > 0 }

func (s seen) values(name string) (values []string) {
	for _, line := range s.Lines {
		if key, value, ok := strings.Cut(line, ":"); ok && fold(key) == fold(name) {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// text is all that came, for a search.
func (s seen) text() string {
	return s.Line + "\n" + strings.Join(s.Lines, "\n") + "\n" + s.Body + "\n" + strings.Join(s.Trailers, "\n")
}

// acceptWebSocket answers an opening handshake and then sends back whatever comes.
func acceptWebSocket(s seen, c net.Conn, r *bufio.Reader) {
	fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"+
		"Set-Cookie: gatehouse=stolen; Path=/\r\nSet-Cookie: theme=dark\r\nClear-Site-Data: \"cookies\"\r\n\r\n", s.header("Sec-WebSocket-Key"))
	_, _ = io.Copy(c, r)
	_ = c.Close()
}
