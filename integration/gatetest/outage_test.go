package gatetest

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

// Without the session store nobody can be recognised: 503 where it matters, at once, and everything public goes on.
func TestWithoutTheSessionStore(t *testing.T) {
	for name, address := range map[string]func(*testing.T) string{
		"refuses": func(t *testing.T) string { return freeAddress(t) },
		"hangs":   hanging,
	} {
		t.Run(name, func(t *testing.T) {
			w := site(t, "gate {\npublic /public\noptional /optional\ndeny /deny\nallow user\n}\nreverse_proxy UP\nhandle_errors {\nrespond \""+errorPage+"\"\n}",
				part{gatehouse: "sessions redis redis://" + address(t)})
			for _, p := range protos {
				cookie := []string{"Cookie", p.cookieName() + "=" + strings.Repeat("A", 43)}
				for _, path := range []string{"/", "/optional"} {
					quickest := time.Hour // a busy machine may hold up any of them
					for _, asker := range askers {
						began := time.Now()
						r := w.do(p, asker.method, path, asker.body, append(append([]string{}, asker.header...), cookie...)...)
						quickest = min(quickest, time.Since(began))
						what := string(p) + " " + asker.name + " " + path
						r.refused(t, what)
						checkUnavailable(t, what, asker.kind, r)
						w.up.nothing(t, what)
					}
					// The server that hangs never answers: that the gate does shows that it gave up by itself.
					if servers.Long(t) && quickest > 250*time.Millisecond {
						t.Errorf("%s %s: took %s", p, path, quickest)
					}
				}
				for path, status := range map[string]int{"/public": 200, "/optional": 200, "/": 401} {
					if r := w.do(p, "GET", path, ""); r.Status != status {
						t.Errorf("%s %s without a cookie: %d", p, path, r.Status)
					}
				}
				if r := w.do(p, "GET", "/public", "", cookie...); r.Status != http.StatusOK {
					t.Errorf("%s public with a cookie: %d", p, r.Status)
				}
				w.up.take()
			}
		})
	}
}

func checkUnavailable(t *testing.T, what, kind string, r reply) {
	t.Helper()
	if kind == "grpc" {
		checkGRPC(t, what, "14", r)
		return
	}
	if r.Status != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("%s: %d %v", what, r.Status, r.Header)
	}
	page := strings.HasPrefix(r.Header.Get("Content-Type"), "text/html")
	if page != (kind == "navigation" || kind == "form") {
		t.Errorf("%s: %s", what, r.Header.Get("Content-Type"))
	}
	if !page && r.code() != "store_unavailable" {
		t.Errorf("%s: %s", what, r.Body)
	}
}

// hanging returns the address of a server that takes connections and never answers.
func hanging(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
		}
	}()
	return l.Addr().String()
}
