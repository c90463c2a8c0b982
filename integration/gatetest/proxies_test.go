package gatetest

import (
	"fmt"
	"net/http"
	"testing"
)

// Behind a proxy that terminates TLS the scheme is what a trusted proxy says, exactly and once
// (docs/design.md, rule 14).
func TestTheSchemeIsWhatATrustedProxySays(t *testing.T) {
	for _, trusted := range []bool{true, false} {
		servers := ""
		if trusted {
			servers = "trusted_proxies static 127.0.0.0/8"
		}
		w := gated(t, "", part{servers: servers})
		ann := w.signedIn("ann", 0)
		for name, c := range map[string]struct {
			proto  []string
			secure bool
		}{
			"https": {[]string{"X-Forwarded-Proto", "https"}, trusted}, "http": {[]string{"X-Forwarded-Proto", "http"}, false}, "nothing": {nil, false},
			"two lines": {[]string{"X-Forwarded-Proto", "https", "X-Forwarded-Proto", "https"}, false}, "a list": {[]string{"X-Forwarded-Proto", "https,http"}, false},
			"capitals": {[]string{"X-Forwarded-Proto", "HTTPS"}, false}, "another header": {[]string{"X-Forwarded-Ssl", "on", "Front-End-Https", "on"}, false},
		} {
			for _, cookie := range []string{"__Host-gatehouse", "gatehouse"} {
				want := http.StatusUnauthorized
				if c.secure == (cookie == "__Host-gatehouse") {
					want = http.StatusOK
				}
				r := w.do(h1, "GET", "/", "", append([]string{"Cookie", cookie + "=" + ann.secret}, c.proto...)...)
				if r.Status != want {
					t.Errorf("trusted %v, %s, %s: %d, want %d", trusted, name, cookie, r.Status, want)
				}
			}
		}
		// over TLS nothing can make it plain
		if r := w.do(h2, "GET", "/", "", append(ann.cookie(h2), "X-Forwarded-Proto", "http")...); r.Status != http.StatusOK {
			t.Errorf("over TLS: %d", r.Status)
		}
	}
}

// The address that `from` is about is Caddy's, never one that anybody may write.
func TestTheAddressIsCaddys(t *testing.T) {
	const rules = "deny /inside/* {\nfrom 127.0.0.0/8\n}\npublic /only/* {\nfrom 10.0.0.0/8\n}\ndeny /only/*\npublic"
	forged := []string{"X-Forwarded-For", "10.1.2.3", "X-Real-Ip", "10.1.2.3", "Client-Ip", "10.1.2.3", "Forwarded", "for=10.1.2.3"}
	w := gated(t, rules)
	for _, p := range protos {
		for path, status := range map[string]int{"/inside/x": 403, "/only/x": 403, "/x": 200} {
			if r := w.do(p, "GET", path, "", forged...); r.Status != status {
				t.Errorf("%s %s: %d", p, path, r.Status)
			}
		}
	}
	w = gated(t, rules, part{servers: "trusted_proxies static 127.0.0.0/8"})
	for _, p := range protos {
		for path, status := range map[string]int{"/inside/x": 200, "/only/x": 200} {
			if r := w.do(p, "GET", path, "", forged...); r.Status != status {
				t.Errorf("%s %s behind a proxy: %d", p, path, r.Status)
			}
		}
	}
}

// A gate that was told its hosts answers to no other name, whatever leads there.
func TestAGateKnowsItsHosts(t *testing.T) {
	addr := freeAddress(t)
	w := gated(t, "public", part{more: fmt.Sprintf("http://:%s {\n\tgate {\n\t\thosts %s\n\t\tpublic /public\n\t\tallow user\n\t}\n\trespond ok\n}", port(addr), host)})
	w.http = addr
	for name, status := range map[string]int{host: 200, host + ":1": 200, "APP.localhost": 200, host + ".": 200, "evil.example": 421, "127.0.0.1": 421, host + ".evil.example": 421} {
		res, _ := w.raw("GET /public HTTP/1.1\r\nHost: " + name + "\r\n\r\n")
		if res.StatusCode != status {
			t.Errorf("%s: %d, want %d", name, res.StatusCode, status)
		}
	}
}
