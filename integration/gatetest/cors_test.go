package gatetest

import (
	"net/http"
	"strings"
	"testing"
)

const spa = "https://spa.example.com"

// A preflight carries no cookie: the gate answers for an app that could never see who asks, and to named origins only.
func TestPreflights(t *testing.T) {
	w := gated(t, "cors "+spa+" https://two.example.com\npublic /public\nallow user")
	preflight := func(origin string) []string {
		return []string{"Origin", origin, "Access-Control-Request-Method", "DELETE", "Access-Control-Request-Headers", "content-type,x-custom"}
	}
	for _, p := range protos {
		for _, path := range []string{"/", "/public"} {
			r := w.do(p, "OPTIONS", path, "", preflight(spa)...)
			h := r.Header
			if r.Status != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != spa || h.Get("Access-Control-Allow-Credentials") != "true" ||
				h.Get("Access-Control-Allow-Methods") != "DELETE" || h.Get("Access-Control-Allow-Headers") != "content-type,x-custom" || !strings.Contains(strings.Join(h["Vary"], ","), "Origin") {
				t.Errorf("%s %s: %d %v", p, path, r.Status, h)
			}
			r.refused(t, "preflight")
		}
		w.up.nothing(t, "preflights")
		for _, origin := range []string{"https://evil.example", "null", "http://spa.example.com", "https://spa.example.com.evil.example", "https://SPA.example.com"} {
			r := w.do(p, "OPTIONS", "/", "", preflight(origin)...)
			if r.Status != http.StatusUnauthorized || r.Header["Access-Control-Allow-Origin"] != nil {
				t.Errorf("%s %s: %d %v", p, origin, r.Status, r.Header)
			}
			w.up.nothing(t, origin)
		}
		if r := w.do(p, "OPTIONS", "/", "", "Origin", spa); r.Status != http.StatusUnauthorized { // no preflight
			t.Errorf("%s OPTIONS: %d", p, r.Status)
		}
	}
}

// The page of a named origin may read answers and refusals; what an upstream says to other origins is the upstream's.
func TestFetchesOfNamedOrigins(t *testing.T) {
	w := gated(t, "cors "+spa+"\nallow role:admin /admin\nallow user")
	w.up.answers("HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n\r\n")
	ann := w.signedIn("ann", 0)
	for _, p := range protos {
		for path, status := range map[string]int{"/": 200, "/admin": 403} {
			r := w.do(p, "GET", path, "", append(ann.cookie(p), "Origin", spa, "Sec-Fetch-Mode", "cors")...)
			if got := r.Header["Access-Control-Allow-Origin"]; r.Status != status || len(got) != 1 || got[0] != spa || r.Header.Get("Access-Control-Allow-Credentials") != "true" {
				t.Errorf("%s %s: %d %v", p, path, r.Status, r.Header)
			}
		}
		if r := w.do(p, "GET", "/", "", "Origin", spa); r.Status != 401 || r.Header.Get("Access-Control-Allow-Origin") != spa {
			t.Errorf("%s signed out: %d %v", p, r.Status, r.Header)
		}
		r := w.do(p, "GET", "/", "", append(ann.cookie(p), "Origin", "https://evil.example")...)
		if r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header["Access-Control-Allow-Credentials"] != nil {
			t.Errorf("%s: %v", p, r.Header)
		}
		if r := w.do(p, "GET", "/admin", "", append(ann.cookie(p), "Origin", "https://evil.example")...); r.Header["Access-Control-Allow-Origin"] != nil {
			t.Errorf("%s refusal: %v", p, r.Header)
		}
	}
}
