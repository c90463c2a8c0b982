package caddymodule

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/caddymodule/gate"
)

// served lets a gate answer r and returns what it answered, or the request that it passed on.
func served(t *testing.T, gate *gate.Gate, r *http.Request) (rec *httptest.ResponseRecorder, passed *http.Request) {
	t.Helper()
	rec = httptest.NewRecorder()
	next := caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
		passed = r
		return nil
	})
	if err := gate.ServeHTTP(rec, prepareLikeCaddy(r, rec), next); err != nil {
		t.Fatal(err)
	}
	return rec, passed
}

// extendedConnect is a WebSocket over HTTP/2 (RFC 8441): no Upgrade, no key, and a method that no rule names.
func extendedConnect(cookie, origin string) *http.Request {
	r := askedFor("/socket", cookie)
	r.Method, r.Proto, r.ProtoMajor, r.ProtoMinor = http.MethodConnect, "HTTP/2.0", 2, 0
	r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	r.Header[":protocol"] = []string{"websocket"}
	r.Header["Cookie"] = []string{"__Host-" + cookie}
	r.Header["Origin"] = []string{origin}
	return r
}

// A WebSocket is judged as one over every protocol: by identity, origin and rule.
func TestAWebSocketOverHTTP2IsJudgedAsOneOverHTTP1(t *testing.T) {
	gate, cookie := mountedGate(t)
	if rec, passed := served(t, gate, extendedConnect(cookie, "https://app.localhost")); passed == nil || passed.Header.Get("Remote-User") != "ann@example.com" {
		t.Errorf("its own page: %d %s", rec.Code, rec.Body)
	}
	if rec, passed := served(t, gate, extendedConnect(cookie, "https://evil.example")); passed != nil || rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "cross_origin") {
		t.Errorf("another page: %d %s", rec.Code, rec.Body)
	}
	if rec, passed := served(t, gate, extendedConnect("gatehouse=none", "https://app.localhost")); passed != nil || rec.Code != http.StatusUnauthorized {
		t.Errorf("nobody: %d %s", rec.Code, rec.Body)
	}
	early := extendedConnect(cookie, "https://app.localhost")
	early.TLS.HandshakeComplete = false
	if rec, passed := served(t, gate, early); passed != nil || rec.Code != http.StatusTooEarly {
		t.Errorf("early: %d %s", rec.Code, rec.Body)
	}
}

// A request for another host that shows a session's cookie shows nothing.
func TestASessionBelongsToItsHost(t *testing.T) {
	gate, cookie := mountedGate(t)
	for host, ok := range map[string]bool{"app.localhost": true, "APP.localhost:8080": true, "app.localhost.": true, "other.localhost": false, "": false, "app.localhost.evil.example": false} {
		r := askedFor("/", cookie)
		r.Host = host
		if _, passed := served(t, gate, r); (passed != nil) != ok {
			t.Errorf("%q: passed %v", host, passed != nil)
		}
	}
}

// What a request costs a gate is counted, so that it does not grow by accident.
func TestARequestOfASessionCostsFewAllocations(t *testing.T) {
	gate, cookie := mountedGate(t)
	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusOK)
		return nil
	})
	w := nullWriter{http.Header{}}
	cost := func(f func(r *http.Request)) float64 {
		sent := askedFor("/page/1", cookie)
		header := sent.Header
		return testing.AllocsPerRun(100, func() {
			sent.Header = header.Clone()
			f(prepareLikeCaddy(sent, w))
		})
	}
	bare := cost(func(*http.Request) {})
	whole := cost(func(r *http.Request) { _ = gate.ServeHTTP(w, r, next) })
	if more := whole - bare; more > 6 {
		t.Errorf("%v allocations, want at most 6", more)
	}
}
