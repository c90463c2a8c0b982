package gatetest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// poisoned are the header lines by which an upstream, or whoever broke into it, would set, replace or clear a session.
const poisoned = "Set-Cookie: __Host-gatehouse=fixed; Path=/; Secure\r\nSet-Cookie: gatehouse=fixed; Path=/\r\nset-cookie:  GATEHOUSE-flow = fixed\r\n" +
	"Set-Cookie: =__Host-gatehouse=fixed\r\nSet-Cookie: __host-gatehouse-known=; Max-Age=0\r\nSet-Cookie: theme=dark; Path=/\r\n" +
	"Clear-Site-Data: \"cookies\", \"cache\"\r\nClear-Site-Data: \"*\"\r\n"

func checkAnswer(t *testing.T, what string, h http.Header) {
	t.Helper()
	if got := strings.Join(h["Set-Cookie"], "|"); got != "theme=dark; Path=/" {
		t.Errorf("%s: Set-Cookie %q", what, got)
	}
	if got := strings.Join(h["Clear-Site-Data"], "|"); got != `"cache"` {
		t.Errorf("%s: Clear-Site-Data %q", what, got)
	}
}

func TestAnUpstreamCannotTouchOurCookies(t *testing.T) {
	w := gated(t, "public /public\noptional /optional\nallow user")
	ann := w.signedIn("ann", 0)
	for _, status := range []string{"200 OK", "204 No Content", "304 Not Modified", "404 Not Found", "502 Bad Gateway"} {
		w.up.answers("HTTP/1.1 " + status + "\r\n" + poisoned + "Content-Length: 0\r\n\r\n")
		for _, p := range protos {
			for _, path := range []string{"/public", "/optional", "/"} {
				checkAnswer(t, string(p)+" "+status+" "+path, w.do(p, "GET", path, "", ann.cookie(p)...).Header)
			}
		}
	}
}

// Informational answers are header blocks too, and browsers take cookies from them.
func TestEarlyHintsCannotTouchOurCookies(t *testing.T) {
	w := gated(t, "public")
	w.up.answers("HTTP/1.1 103 Early Hints\r\nLink: </x.css>; rel=preload\r\n" + poisoned + "\r\n" +
		"HTTP/1.1 102 Processing\r\n" + poisoned + "\r\nHTTP/1.1 200 OK\r\n" + poisoned + "Content-Length: 0\r\n\r\n")
	last, early := w.raw("GET / HTTP/1.1\r\nHost: <host>\r\n\r\n")
	if len(early) != 2 || early[0].StatusCode != http.StatusEarlyHints || early[0].Header.Get("Link") == "" {
		t.Fatalf("informational answers: %v", early)
	}
	for _, hint := range early {
		checkAnswer(t, hint.Status, hint.Header)
	}
	checkAnswer(t, "200", last.Header)
}

// Trailers become headers in front of some proxies; net/http passes Set-Cookie on as one.
func TestTrailersCannotTouchOurCookies(t *testing.T) {
	w := gated(t, "public")
	for _, announced := range []string{"Trailer: Set-Cookie, Clear-Site-Data, X-Checksum\r\n", "Trailer: X-Checksum\r\n", ""} {
		w.up.answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + announced + "\r\n2\r\nok\r\n0\r\nX-Checksum: 1\r\n" + poisoned + "\r\n")
		for _, p := range protos {
			r := w.do(p, "GET", "/", "")
			for name, lines := range r.Trailer {
				for _, line := range lines {
					if strings.Contains(line, "gatehouse") || strings.Contains(line, "cookies") || strings.Contains(line, "*") {
						t.Errorf("%s, announced %q: trailer %s: %s", p, announced, name, line)
					}
				}
			}
			if r.Body != "ok" || announced != "" && r.Trailer.Get("X-Checksum") != "1" {
				t.Errorf("%s, announced %q: body %q, trailers %v", p, announced, r.Body, r.Trailer)
			}
		}
	}
}

// A shared cache would give the next visitor what was meant for one person: neither it nor the upstream sees that a cookie
// made the difference.
func TestAnswersToPeopleStayOutOfSharedCaches(t *testing.T) {
	w := gated(t, "public /public\noptional /optional\nallow user")
	ann := w.signedIn("ann", 0)
	for sent, want := range map[string]string{
		"":                              "private",
		"public, max-age=60":            "max-age=60, private",
		"max-age=60, s-maxage=600":      "max-age=60, private",
		"no-store":                      "no-store",
		"private, max-age=60":           "private, max-age=60",
		"no-cache, S-MaxAge=5,PUBLIC":   "no-cache, private",
		`private="set-cookie", public`:  `private="set-cookie", private`,
		"immutable, proxy-revalidate, ": "immutable, private",
	} {
		line := "Cache-Control: " + sent + "\r\n"
		if sent == "" {
			line = ""
		}
		w.up.answers("HTTP/1.1 200 OK\r\n" + line + "Content-Length: 0\r\n\r\n")
		for _, p := range protos {
			for _, path := range []string{"/", "/optional"} {
				if got := strings.Join(w.do(p, "GET", path, "", ann.cookie(p)...).Header["Cache-Control"], "|"); got != want {
					t.Errorf("%s %s, %q: %q, want %q", p, path, sent, got, want)
				}
			}
			for _, path := range []string{"/public", "/optional"} {
				r := w.do(p, "GET", path, "")
				if got := r.Header.Get("Cache-Control"); got != strings.TrimSpace(sent) {
					t.Errorf("%s %s anonymous, %q: %q", p, path, sent, got)
				}
				if varies := strings.Contains(r.Header.Get("Vary"), "Cookie"); varies != (path == "/optional") {
					t.Errorf("%s %s anonymous: Vary %q", p, path, r.Header.Get("Vary"))
				}
			}
		}
	}
}

// A handler that flushes before it writes a header sends what it has set so far.
func TestFlushingSendsNothingUnfiltered(t *testing.T) {
	w := gated(t, "public")
	w.up.does(func(_ seen, c net.Conn, _ *bufio.Reader) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"+poisoned+"Transfer-Encoding: chunked\r\n\r\n4\r\na: b\r\n0\r\n\r\n")
	})
	for _, p := range protos {
		r := w.do(p, "GET", "/", "")
		checkAnswer(t, string(p), r.Header)
		if r.Body != "a: b" {
			t.Errorf("%s: body %q", p, r.Body)
		}
	}
}
