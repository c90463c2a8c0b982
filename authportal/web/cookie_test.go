package web

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/store"
)

func withCookies(lines ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["Cookie"] = lines
	return r
}

func TestSessionKeyRefusesAnythingElse(t *testing.T) {
	secret := []byte(strings.Repeat("s", 32))
	good := base64.RawURLEncoding.EncodeToString(secret)
	key := store.KeyOf(secret)
	for _, tt := range []struct {
		name   string
		secure bool
		lines  []string
		ok     bool
	}{
		{"https", true, []string{"__Host-gatehouse=" + good}, true},
		{"http", false, []string{"gatehouse=" + good}, true},
		{"among others", true, []string{"a=b; __Host-gatehouse=" + good + "; c=d"}, true},
		{"in a second header line", true, []string{"a=b", "__Host-gatehouse=" + good}, true},
		{"none", true, nil, false},
		{"the http form over https", true, []string{"gatehouse=" + good}, false},
		{"the https form over http", false, []string{"__Host-gatehouse=" + good}, false},
		{"both forms over https", true, []string{"gatehouse=tossed; __Host-gatehouse=" + good}, true},
		{"twice", true, []string{"__Host-gatehouse=" + good + "; __Host-gatehouse=" + good}, false},
		{"twice in two lines", true, []string{"__Host-gatehouse=" + good, "__Host-gatehouse=" + good}, false},
		{"a tossed one first", true, []string{"__Host-gatehouse=x; __Host-gatehouse=" + good}, false},
		{"empty", true, []string{"__Host-gatehouse="}, false},
		{"truncated", true, []string{"__Host-gatehouse=" + good[:42]}, false},
		{"longer", true, []string{"__Host-gatehouse=" + good + "A"}, false},
		{"padded", true, []string{"__Host-gatehouse=" + good + "="}, false},
		{"quoted", true, []string{`__Host-gatehouse="` + good + `"`}, false},
		{"standard alphabet", true, []string{"__Host-gatehouse=" + strings.Repeat("+", 43)}, false},
		{"spare bits set", true, []string{"__Host-gatehouse=" + good[:42] + "N"}, false},
		{"line end inside", true, []string{"__Host-gatehouse=" + good[:20] + "\n" + good[21:]}, false},
		{"another letter case", true, []string{"__host-gatehouse=" + good}, false},
		{"a longer name", true, []string{"__Host-gatehouse-known=" + good}, false},
		{"no equals sign", true, []string{"__Host-gatehouse"}, false},
	} {
		got, ok := SessionKey(withCookies(tt.lines...), tt.secure)
		if ok != tt.ok || ok && got != key {
			t.Errorf("%s: got %v", tt.name, ok)
		}
	}
}

func TestSessionKeyDoesNotAllocate(t *testing.T) {
	r := withCookies("theme=dark; __Host-gatehouse=" + strings.Repeat("A", 43) + "; lang=en")
	if n := testing.AllocsPerRun(100, func() {
		if _, ok := SessionKey(r, true); !ok {
			t.Fatal("no session")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestOwnCookie(t *testing.T) {
	for name, want := range map[string]bool{
		"gatehouse": true, "__Host-gatehouse": true, "__Host-gatehouse-flow": true, "gatehouse-flow": true,
		"__Host-gatehouse-known": true, "__Host-gatehouse-signin": true, "__HOST-Gatehouse": true, "__Host-gatehouse-later": true,
		"gatehouse2": false, "mygatehouse": false, "__Secure-gatehouse": false, "": false, "session": false, "__Host-": false,
	} {
		if got := OwnCookie(name); got != want {
			t.Errorf("OwnCookie(%q) = %v, want %v", name, got, want)
		}
	}
}

func FuzzSessionCookie(f *testing.F) {
	good := strings.Repeat("A", 43)
	for _, s := range []string{"__Host-gatehouse=" + good, "gatehouse=" + good, "a=b;__Host-gatehouse=" + good, "=;=", ";;;", "__Host-gatehouse=" + good + ";__Host-gatehouse=x"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, line string, secure bool) {
		_, ok := SessionKey(withCookies(line), secure)
		name := cookieName(CookieSession, secure)
		if ok && strings.Count(line, name+"=") < 1 {
			t.Fatalf("a session out of %q", line)
		}
		if ok {
			// The same again behind it: two are none.
			if _, twice := SessionKey(withCookies(line, name+"=x"), secure); twice {
				t.Fatalf("two cookies of one name were a session: %q", line)
			}
		}
	})
}
