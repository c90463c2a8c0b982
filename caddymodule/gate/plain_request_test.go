package gate

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func webSocketRequest() *http.Request {
	r := httptest.NewRequest("GET", "/socket", nil)
	r.Header = http.Header{"Connection": {"keep-alive, Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Version": {"13"}}
	return r
}

func TestOnlyAPlainRequestIsJudged(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		status int // 0: judged
	}{
		{"a GET", func(*http.Request) {}, 0},
		{"a custom method", func(r *http.Request) { r.Method = "M-SEARCH" }, 0},
		{"a WebSocket", func(r *http.Request) { *r = *webSocketRequest() }, 0},
		{"CONNECT", func(r *http.Request) { r.Method = "CONNECT" }, 405},
		{"TRACE", func(r *http.Request) { r.Method = "TRACE" }, 405},
		{"a method in small letters", func(r *http.Request) { r.Method = "post" }, 400},
		{"absolute-form", func(r *http.Request) { r.RequestURI = "http://other.example/x" }, 400},
		{"asterisk-form", func(r *http.Request) { r.RequestURI = "*" }, 400},
		{"authority-form", func(r *http.Request) { r.RequestURI = "other.example:443" }, 400},
		{"an empty target", func(r *http.Request) { r.RequestURI = "" }, 400},
		{"a fragment", func(r *http.Request) { r.RequestURI = "/public#/../admin" }, 400},
		{"an upgrade to h2c", func(r *http.Request) { r.Header.Set("Upgrade", "h2c") }, 400},
		{"settings of h2c", func(r *http.Request) { r.Header.Set("HTTP2-Settings", "x") }, 400},
		{"an upgrade to two protocols", func(r *http.Request) { *r = *webSocketRequest(); r.Header["Upgrade"] = []string{"websocket, h2c"} }, 400},
		{"two Upgrade lines", func(r *http.Request) { *r = *webSocketRequest(); r.Header.Add("Upgrade", "h2c") }, 400},
		{"a WebSocket by POST", func(r *http.Request) { *r = *webSocketRequest(); r.Method = "POST" }, 400},
		{"a WebSocket over HTTP/1.0", func(r *http.Request) { *r = *webSocketRequest(); r.ProtoMinor = 0 }, 400},
		{"a WebSocket with a body", func(r *http.Request) { *r = *webSocketRequest(); r.ContentLength = 5 }, 400},
		{"a WebSocket without Connection", func(r *http.Request) { *r = *webSocketRequest(); r.Header.Del("Connection") }, 400},
		{"a WebSocket without key", func(r *http.Request) { *r = *webSocketRequest(); r.Header.Del("Sec-Websocket-Key") }, 400},
		{"a WebSocket with a short key", func(r *http.Request) { *r = *webSocketRequest(); r.Header.Set("Sec-Websocket-Key", "eA==") }, 400},
		{"a WebSocket of another version", func(r *http.Request) { *r = *webSocketRequest(); r.Header.Set("Sec-Websocket-Version", "8") }, 400},
		{"extended CONNECT of a WebSocket", func(r *http.Request) {
			r.Method, r.ProtoMajor = "CONNECT", 2
			r.Header[":protocol"] = []string{"websocket"}
		}, 0},
		{"extended CONNECT of something else", func(r *http.Request) {
			r.Method, r.ProtoMajor = "CONNECT", 2
			r.Header[":protocol"] = []string{"connect-udp"}
		}, 405},
	} {
		r := httptest.NewRequest("GET", "/x", nil)
		c.change(r)
		got := 0
		if bad := plainRequest(r, r.RequestURI); bad != nil {
			got = bad.status
		}
		if got != c.status {
			t.Errorf("%s: %d, want %d", c.name, got, c.status)
		}
	}
}

// A host matcher that passes over what it takes for a port must not let through what a browser takes for another host.
func TestAHostIsANameAndAPort(t *testing.T) {
	for host, want := range map[string]bool{
		"": true, "app.example.com": true, "APP.example.com.": true, "app.example.com:8443": true, "app.example.com:": true, "my_app:80": true,
		"192.0.2.1:80": true, "[2001:db8::1]": true, "[::1]:8443": true, "xn--bcher-kva.example": true,
		"app.example.com:80@evil.example": false, "app.example.com@evil.example": false, "app.example.com:80%40evil.example": false,
		"app.example.com:x": false, "app.example.com:123456": false, "app.example.com:-1": false, "app.example.com:80:80": false,
		"[app.example.com]": false, "[::1": false, "[": false, "[]": false, "::1": false, "[fe80::1%25eth0]": false, "[::1]x": false, "[::1]@evil.example": false,
		"app.example.com/x": false, "app.example.com\\x": false, "app.example.com?x": false, "app.example.com#x": false, "app.example.com,evil.example": false,
		"app example.com": false, "bücher.example": false,
	} {
		r := httptest.NewRequest("GET", "/x", nil)
		r.Host = host
		if got := plainRequest(r, "/x") == nil; got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}
