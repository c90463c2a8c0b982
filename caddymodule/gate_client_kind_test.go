package caddymodule

import (
	"net/http/httptest"
	"testing"
)

func TestWhoAsks(t *testing.T) {
	const html = "text/html,application/xhtml+xml;q=0.9"
	for _, c := range []struct {
		name, method string
		header       map[string]string
		want         asker
	}{
		{"a browser", "GET", map[string]string{"Accept": html, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, askNavigation},
		{"an old browser", "GET", map[string]string{"Accept": html}, askNavigation},
		{"HEAD", "HEAD", map[string]string{"Accept": html}, askNavigation},
		{"curl", "GET", map[string]string{"Accept": "*/*"}, askProgram},
		{"nothing said", "GET", nil, askProgram},
		{"fetch", "GET", map[string]string{"Accept": html, "Sec-Fetch-Mode": "cors"}, askProgram},
		{"an image", "GET", map[string]string{"Accept": html, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, askProgram},
		{"a frame", "GET", map[string]string{"Accept": html, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, askProgram},
		{"jQuery", "GET", map[string]string{"Accept": html, "X-Requested-With": "XMLHttpRequest"}, askProgram},
		{"a WebSocket", "GET", map[string]string{"Accept": html, "Upgrade": "websocket"}, askProgram},
		{"HTML refused by weight", "GET", map[string]string{"Accept": "text/html;q=0, application/json"}, askProgram},
		{"HTML refused by a longer weight", "GET", map[string]string{"Accept": "text/html;q=0.00"}, askProgram},
		{"HTML of little weight", "GET", map[string]string{"Accept": "text/html;q=0.1"}, askNavigation},
		{"a form", "POST", map[string]string{"Accept": html, "Content-Type": "application/x-www-form-urlencoded"}, askForm},
		{"a form with files", "POST", map[string]string{"Accept": html, "Content-Type": "multipart/form-data; boundary=x"}, askForm},
		{"a plain form", "POST", map[string]string{"Accept": html, "Content-Type": "text/plain"}, askForm},
		{"a POST of JSON", "POST", map[string]string{"Accept": html, "Content-Type": "application/json"}, askProgram},
		{"PUT", "PUT", map[string]string{"Accept": html}, askProgram},
		{"gRPC", "POST", map[string]string{"Content-Type": "application/grpc"}, askGRPC},
		{"gRPC of a codec", "POST", map[string]string{"Content-Type": "application/grpc+proto"}, askGRPC},
		{"gRPC-Web is a fetch", "POST", map[string]string{"Content-Type": "application/grpc-web+proto"}, askProgram},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		for name, value := range c.header {
			r.Header.Set(name, value)
		}
		if got := whoAsks(r); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
