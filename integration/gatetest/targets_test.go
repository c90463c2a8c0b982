package gatetest

import (
	"net/http"
	"strings"
	"testing"
)

// What a gate and an upstream could read in two ways is refused before anybody is asked who they are. Each row is sent as
// somebody who may do everything.
func TestOnlyPlainRequestsAreJudged(t *testing.T) {
	w := gated(t, "public /public\nallow user")
	ann := w.signedIn("ann", 0)
	const tail = " HTTP/1.1\r\nHost: <host>\r\n"
	for what, c := range map[string]struct {
		text   string
		status int // below zero: answered by net/http, before any handler; 0: any, as long as nothing passes
	}{
		"absolute-form":                 {"GET http://<host>/public" + tail, 400},
		"absolute-form, another host":   {"GET http://other.localhost/public HTTP/1.1\r\nHost: <host>\r\n", 0},
		"asterisk-form":                 {"OPTIONS *" + tail, 0}, // net/http answers by itself
		"asterisk with another method":  {"GET *" + tail, 400},
		"authority-form":                {"CONNECT other.localhost:443 HTTP/1.1\r\nHost: <host>\r\n", 0},
		"CONNECT with a path":           {"CONNECT /public" + tail, 405},
		"TRACE":                         {"TRACE /public" + tail, 405},
		"a method in small letters":     {"get /public" + tail, 400},
		"a method in mixed letters":     {"Post /public" + tail, 400},
		"a fragment":                    {"GET /public#/../private" + tail, 400},
		"a host with a user":            {"GET /public HTTP/1.1\r\nHost: <host>:80%40evil.example\r\n", 400},
		"a host that is no port":        {"GET /public HTTP/1.1\r\nHost: <host>:x\r\n", 400},
		"NUL":                           {"GET /public%00" + tail, 400},
		"a control byte":                {"GET /public%0d%0aX:%20y" + tail, 400},
		"a broken escape":               {"GET /public%zz" + tail, -400}, /* by net/http */
		"half an escape":                {"GET /public%2" + tail, -400},
		"h2c":                           {"GET /public" + tail + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n", 400},
		"h2c without settings":          {"GET /public" + tail + "Connection: Upgrade\r\nUpgrade: h2c\r\n", 400},
		"an upgrade without Connection": {"GET /public" + tail + "Upgrade: websocket\r\n", 400},
		"an upgrade to our own thing":   {"GET /public" + tail + "Connection: Upgrade\r\nUpgrade: foo\r\n", 400},
		"a WebSocket by POST": {"POST /public" + tail + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 0\r\n", 400},
		"a WebSocket of version 8": {"GET /public" + tail + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n" +
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400},
		"a WebSocket with a body": {"GET /public" + tail + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 5\r\n", 400},
		"two upgrades": {"GET /public" + tail + "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\nSec-WebSocket-Version: 13\r\n" +
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400},
		"early data with an unsafe method": {"POST /public" + tail + "Early-Data: 1\r\nContent-Length: 0\r\n", 425},
		"early data at a reserved path":    {"GET /.gatehouse/login" + tail + "Early-Data: 1\r\n", 425},
	} {
		res, _ := w.raw(c.text + "Cookie: gatehouse=" + ann.secret + "\r\nConnection: close\r\n\r\n")
		if c.status != 0 && res.StatusCode != max(c.status, -c.status) {
			t.Errorf("%s: %d, want %d", what, res.StatusCode, c.status)
		}
		if c.status > 0 && (res.Header.Get("Content-Type") != "application/problem+json" || res.Header.Get("Cache-Control") != "no-store") {
			t.Errorf("%s: %v", what, res.Header)
		}
		w.up.nothing(t, what)
	}
}

// Early data may be sent again by anybody who saw it pass, from anywhere: rules about addresses must not judge it.
func TestEarlyData(t *testing.T) {
	w := gated(t, "public /public\nallow user /from/* {\nfrom 127.0.0.0/8\n}\nallow user")
	ann := w.signedIn("ann", 0)
	for _, p := range protos {
		for path, want := range map[string]int{"/": 200, "/public": 200, "/from/x": 425} {
			if r := w.do(p, "GET", path, "", append(ann.cookie(p), "Early-Data", "1")...); r.Status != want {
				t.Errorf("%s %s: %d, want %d", p, path, r.Status, want)
			}
		}
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "PROPFIND"} {
			for _, path := range []string{"/", "/public"} {
				if r := w.do(p, method, path, "", append(ann.cookie(p), "Early-Data", "1")...); r.Status != http.StatusTooEarly {
					t.Errorf("%s %s %s: %d", p, method, path, r.Status)
				}
			}
		}
	}
}

// A second request hides in the body of one that is refused. It must be read as a body, or not at all.
func TestNothingIsPipelinedBehindARefusal(t *testing.T) {
	w := gated(t, "public /public\nallow user")
	hidden := "GET /public HTTP/1.1\r\nHost: <host>\r\nX-Hidden: 1\r\n\r\n"
	length := strings.ReplaceAll(hidden, "<host>", host)
	for _, first := range []string{"POST /private HTTP/1.1\r\nHost: <host>\r\n", "TRACE /public HTTP/1.1\r\nHost: <host>\r\n", "post /public HTTP/1.1\r\nHost: <host>\r\n"} {
		res, _ := w.raw(first + "Connection: close\r\nContent-Length: " + itoa(len(length)) + "\r\n\r\n" + hidden)
		if res.StatusCode < 400 {
			t.Errorf("%q: %d", first, res.StatusCode)
		}
		w.up.nothing(t, first)
	}
}

// Over HTTP/2 a path is just a string: an absolute address in it must not be taken for one.
func TestTargetsOverHTTP2(t *testing.T) {
	w := gated(t, "public /public\nallow user")
	for _, target := range []string{"http://" + host + "/public", "https://other.localhost/public", "*", "public", "//other.localhost/public", "/public%00", "/public#x"} {
		if status := w.framed(t, "GET", target, nil, "", nil); status == "200" {
			t.Errorf("%s: %s", target, status)
		}
		w.up.nothing(t, target)
	}
	for _, method := range []string{"get", "TRACE", "Get"} {
		if status := w.framed(t, method, "/public", nil, "", nil); status == "200" {
			t.Errorf("%s: %s", method, status)
		}
		w.up.nothing(t, method)
	}
	if status := w.framed(t, "GET", "/public", nil, "", nil); status != "200" {
		t.Errorf("plain: %s", status)
	}
}

// Rules are asked about every reading of a path; the table of readings is rolepolicy's, these are the ways to it.
func TestOddPathsAreJudgedStrictly(t *testing.T) {
	w := gated(t, "allow role:admin /admin/*\npublic")
	for _, path := range []string{"/admin/x", "/Admin/x", "/admin", "/admin/", "//admin/x", "/./admin/x", "/y/../admin/x", "/%61dmin/x", "/%2561dmin/x", "/admin;a=b/x",
		"/y/..;/admin/x", "/admin%2fx", `/admin%5cx`, "/y/%2e%2e/admin/x", "/admin/x?y", "/ADMIN;x"} {
		for _, p := range protos {
			status := 0
			if p == h1 {
				res, _ := w.raw("GET " + path + " HTTP/1.1\r\nHost: <host>\r\n\r\n")
				status = res.StatusCode
			} else if w.framed(t, "GET", path, nil, "", nil) == "401" {
				status = http.StatusUnauthorized
			}
			if status != http.StatusUnauthorized {
				t.Errorf("%s %s: %d", p, path, status)
			}
			w.up.nothing(t, path)
		}
	}
}
