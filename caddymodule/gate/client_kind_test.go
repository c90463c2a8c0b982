package gate

import (
	"net/http/httptest"
	"testing"
)

func TestClassifyClient(t *testing.T) {
	const html = "text/html,application/xhtml+xml;q=0.9"
	for _, c := range []struct {
		name, method string
		header       map[string]string
		want         clientKind
	}{
		{"a browser", "GET", map[string]string{"Accept": html, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, clientNavigation},
		{"an old browser", "GET", map[string]string{"Accept": html}, clientNavigation},
		{"HEAD", "HEAD", map[string]string{"Accept": html}, clientNavigation},
		{"curl", "GET", map[string]string{"Accept": "*/*"}, clientProgram},
		{"nothing said", "GET", nil, clientProgram},
		{"fetch", "GET", map[string]string{"Accept": html, "Sec-Fetch-Mode": "cors"}, clientProgram},
		{"an image", "GET", map[string]string{"Accept": html, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, clientProgram},
		{"a frame", "GET", map[string]string{"Accept": html, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, clientProgram},
		{"jQuery", "GET", map[string]string{"Accept": html, "X-Requested-With": "XMLHttpRequest"}, clientProgram},
		{"a WebSocket", "GET", map[string]string{"Accept": html, "Upgrade": "websocket"}, clientProgram},
		{"HTML refused by weight", "GET", map[string]string{"Accept": "text/html;q=0, application/json"}, clientProgram},
		{"HTML refused by a longer weight", "GET", map[string]string{"Accept": "text/html;q=0.00"}, clientProgram},
		{"HTML of little weight", "GET", map[string]string{"Accept": "text/html;q=0.1"}, clientNavigation},
		{"a form", "POST", map[string]string{"Accept": html, "Content-Type": "application/x-www-form-urlencoded"}, clientForm},
		{"a form with files", "POST", map[string]string{"Accept": html, "Content-Type": "multipart/form-data; boundary=x"}, clientForm},
		{"a plain form", "POST", map[string]string{"Accept": html, "Content-Type": "text/plain"}, clientForm},
		{"a POST of JSON", "POST", map[string]string{"Accept": html, "Content-Type": "application/json"}, clientProgram},
		{"PUT", "PUT", map[string]string{"Accept": html}, clientProgram},
		{"gRPC", "POST", map[string]string{"Content-Type": "application/grpc"}, clientGRPC},
		{"gRPC of a codec", "POST", map[string]string{"Content-Type": "application/grpc+proto"}, clientGRPC},
		{"gRPC-Web is a fetch", "POST", map[string]string{"Content-Type": "application/grpc-web+proto"}, clientProgram},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		for name, value := range c.header {
			r.Header.Set(name, value)
		}
		if got := classifyClient(r); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
