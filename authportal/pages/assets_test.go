package pages

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func get(s *Set, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Assets().ServeHTTP(w, r)
	return w
}

func TestAssetsMayBeKeptForEver(t *testing.T) {
	s := newSet(t, Brand{Name: "Example"})
	_, doc := write(t, s, 200, Page{Name: Login, Base: "/auth", Data: LoginData{}})
	seen := map[string]bool{}
	for _, n := range all(doc, "link", "script", "img") {
		address := attr(n, "href") + attr(n, "src")
		path, ok := strings.CutPrefix(address, "/auth")
		if !ok {
			t.Fatalf("%q is not below the base", address)
		}
		w := get(s, path)
		h := w.Header()
		want := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[filepath.Ext(path)]
		if w.Code != 200 || h.Get("Content-Type") != want || h.Get("Cache-Control") != "public, max-age=31536000, immutable" ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Set-Cookie") != "" || w.Body.Len() == 0 {
			t.Errorf("%s: %d %v", path, w.Code, h)
		}
		seen[filepath.Ext(path)] = true
	}
	if len(seen) != 3 {
		t.Errorf("the page loads only %v", seen)
	}
}

func TestAssetsOfAnotherVersion(t *testing.T) {
	s := newSet(t, Brand{})
	old := "/assets/0123456789abcdef01234567"
	for path, want := range map[string]int{old + ".css": 200, old + ".js": 200, old + ".png": 404, "/assets/style.css": 404, "/assets/": 404, "/assets": 404,
		"/assets/../gatehouse.js": 404, "/assets/x/" + s.style.name: 404, "/other/" + s.style.name: 404, "/": 404} {
		w := get(s, path)
		if w.Code != want || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}

func TestTheModule(t *testing.T) {
	s := newSet(t, Brand{})
	w := get(s, "/gatehouse.js")
	h := w.Header()
	if w.Code != 200 || h.Get("Content-Type") != "text/javascript; charset=utf-8" || h.Get("Cache-Control") != "public, max-age=300" || h.Get("ETag") == "" ||
		h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", w.Code, h)
	}
	if again := get(s, "/gatehouse.js", "If-None-Match", h.Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("again: %d", again.Code)
	}
	w = httptest.NewRecorder()
	s.Assets().ServeHTTP(w, httptest.NewRequest("POST", "/gatehouse.js", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
	w = httptest.NewRecorder()
	s.Assets().ServeHTTP(w, httptest.NewRequest("HEAD", "/gatehouse.js", nil))
	if w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d, %d bytes", w.Code, w.Body.Len())
	}
}

// The logo's kind is what it holds, not what it is called; an SVG that is opened by itself runs nothing.
func TestTheLogoIsServedAsWhatItIs(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ name, body, ext, kind string }{
		{"a.svg", "<?xml version=\"1.0\"?>\n<!-- x --><svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>", ".svg", "image/svg+xml"},
		{"b.gif", "\x89PNG\r\n\x1a\nrest", ".png", "image/png"},
		{"c.png", "\xff\xd8\xff\xe0rest", ".jpg", "image/jpeg"},
		{"d", "RIFF\x00\x00\x00\x00WEBPVP8 ", ".webp", "image/webp"},
	} {
		s := newSet(t, Brand{Name: "Example", Logo: put(t, dir, tt.name, tt.body)})
		_, doc := write(t, s, 200, Page{Name: Login, Data: LoginData{}})
		img := all(doc, "img")[0]
		w := get(s, attr(img, "src"))
		csp := w.Header().Get("Content-Security-Policy")
		if filepath.Ext(attr(img, "src")) != tt.ext || attr(img, "alt") != "Example" || w.Header().Get("Content-Type") != tt.kind || w.Body.String() != tt.body ||
			w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("%s: %v %v", tt.name, img.Attr, w.Header())
		}
		if tt.ext == ".svg" && !strings.Contains(csp, "sandbox") {
			t.Errorf("%s: %s", tt.name, csp)
		}
	}
}

func TestTheIconEscapesItsLetter(t *testing.T) {
	for name, want := range map[string]string{"<b>": "&lt;", "&co": "&amp;", "  ösi": "Ö", "\"": "&#34;"} {
		icon := newIcon(name, rgb{})
		if !strings.Contains(string(icon.data), ">"+want+"</text>") || !isSVG(icon.data) {
			t.Errorf("%q: %s", name, icon.data)
		}
	}
}

func TestSafetyHeaders(t *testing.T) {
	s := newSet(t, Brand{})
	nonces := map[string]bool{}
	for _, leaves := range []bool{true, false} {
		resp, doc := write(t, s, 200, Page{Name: Login, LeavesSite: leaves, Data: LoginData{}})
		csp := resp.Header.Get("Content-Security-Policy")
		nonce := attr(all(doc, "script")[0], "nonce")
		nonces[nonce] = true
		for _, want := range []string{"default-src 'none'", "script-src 'nonce-" + nonce + "'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("no %s in %s", want, csp)
			}
		}
		for _, never := range []string{"unsafe", "*", "http:", "https:", "data:"} {
			if strings.Contains(csp, never) {
				t.Errorf("%s in %s", never, csp)
			}
		}
		if strings.Contains(csp, "form-action 'self'") == leaves {
			t.Errorf("leaves the site %t: %s", leaves, csp)
		}
		for name, want := range map[string]string{"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store", "Vary": "Accept-Language"} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
	resp, _ := write(t, s, 200, Page{Name: Login, SecretInURL: true, Data: LoginData{}})
	if got := resp.Header.Get("Referrer-Policy"); got != "strict-origin" {
		t.Errorf("a page whose address holds a secret: Referrer-Policy %q", got)
	}
	if len(nonces) != 2 {
		t.Error("two pages share a nonce")
	}
}

func TestHeadIsAGetWithoutABody(t *testing.T) {
	s := newSet(t, Brand{})
	for _, method := range []string{"GET", "HEAD"} {
		w := httptest.NewRecorder()
		s.Write(w, httptest.NewRequest(method, "/", nil), 200, Page{Name: Logout, Data: LogoutData{}})
		length, err := strconv.Atoi(w.Header().Get("Content-Length"))
		if err != nil || length < 500 || w.Body.Len() != map[string]int{"GET": length, "HEAD": 0}[method] {
			t.Errorf("%s: Content-Length %d, %d bytes", method, length, w.Body.Len())
		}
		if method == "GET" && !strings.HasPrefix(w.Body.String(), "<!doctype html>\n<html lang=") {
			t.Errorf("the page begins with %.40q", w.Body)
		}
	}
}

func TestFormForAProvider(t *testing.T) {
	s := newSet(t, Brand{Name: "Example"})
	post := &Post{URL: "https://login.example.com/sso", Fields: []Field{{Name: "SAMLRequest", Value: "a&b"}}}
	resp, doc := write(t, s, 200, Page{Name: Login, FormAction: "https://login.example.com", Data: LoginData{Post: post}})
	csp := resp.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "; form-action https://login.example.com") || strings.Contains(csp, "form-action 'self'") {
		t.Errorf("policy %q", csp)
	}
	forms := all(doc, "form")
	if len(forms) != 1 || attr(forms[0], "action") != post.URL || len(all(doc, "button")) == 0 {
		t.Fatalf("%d forms", len(forms))
	}
}
