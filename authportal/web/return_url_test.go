package web

import (
	"net/url"
	"strings"
	"testing"
)

func TestReturnAddressStaysOnItsHost(t *testing.T) {
	long := "/" + strings.Repeat("a", 1000)
	for in, want := range map[string]string{
		"/":                                 "/",
		"/a/b?c=d&e=%2F":                    "/a/b?c=d&e=%2F",
		"/a#part":                           "/a#part",
		"/?to=https://evil.example":         "/?to=https://evil.example",
		"/a//b":                             "/a//b",
		"/a\\b":                             "/a\\b",
		"/%2F%2Fevil.example":               "/%2F%2Fevil.example",
		"/ü?ö":                              "/%C3%BC?%C3%B6",
		"":                                  "/",
		"a":                                 "/",
		"//evil.example":                    "/",
		"///evil.example":                   "/",
		"/\\evil.example":                   "/",
		"\\\\evil.example":                  "/",
		"/\t/evil.example":                  "/",
		"/\n/evil.example":                  "/",
		"/a\r\nSet-Cookie: x=y":             "/",
		"/a b":                              "/",
		"/a\x00":                            "/",
		"/a\x7f":                            "/",
		" /a":                               "/",
		"https://evil.example/":             "/",
		"https:/evil.example":               "/",
		"javascript:alert(1)":               "/",
		"@evil.example":                     "/",
		"?a":                                "/",
		"#a":                                "/",
		"/.gatehouse/login":                 "/",
		"/.gatehouse/logout":                "/",
		"/.gatehouse/callback?code=x":       "/",
		"/.GateHouse/Logout":                "/",
		"/%2egatehouse/logout":              "/",
		"/%252egatehouse/logout":            "/",
		"/x/../.gatehouse/logout":           "/",
		"/pub/.gatehouse/logout":            "/",
		"/.gatehouse":                       "/",
		"/.gatehouse/account":               "/.gatehouse/account",
		"/.gatehouse-notes":                 "/.gatehouse-notes",
		"/docs?about=/.gatehouse/logout":    "/docs?about=/.gatehouse/logout",
		long + "?" + long:                   long + "?" + long,
		long + "?" + long + long:            long,
		long + long + long + "?x":           "/",
		"/" + strings.Repeat("ü", 1000):     "/" + strings.Repeat("%C3%BC", 1000),
		"/a?" + strings.Repeat("%00", 1000): "/a",
	} {
		if got := ReturnAddress(in); got != want {
			t.Errorf("ReturnAddress(%.60q) = %.60q, want %.60q", in, got, want)
		}
	}
}

func FuzzReturnAddress(f *testing.F) {
	for _, s := range []string{"/", "//x", "/\\x", "/a?b#c", "/.gatehouse/login", "/%2e%2e//x", "/\u2028", "/a\tb", "/ü"} {
		f.Add(s)
	}
	base, err := url.Parse("https://app.example.com")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := ReturnAddress(s)
		if got == "" || got[0] != '/' || strings.HasPrefix(got, "//") || strings.HasPrefix(got, "/\\") {
			t.Fatalf("ReturnAddress(%q) = %q", s, got)
		}
		for i := range len(got) {
			if got[i] <= ' ' || got[i] >= 0x7f {
				t.Fatalf("ReturnAddress(%q) = %q has a byte that is not allowed in a header", s, got)
			}
		}
		if again := ReturnAddress(got); again != got && again != "/" && !strings.HasPrefix(got, again) {
			t.Fatalf("ReturnAddress is not stable: %q, then %q", got, again)
		}
		if u, err := url.Parse(got); err == nil {
			if r := base.ResolveReference(u); r.Host != base.Host || r.Scheme != "https" {
				t.Fatalf("ReturnAddress(%q) = %q leads to %s", s, got, r)
			}
		}
	})
}
