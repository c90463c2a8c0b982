package gatetest

import (
	"bufio"
	"encoding/base64"
	"net"
	"net/http"
	"strings"
	"testing"
)

// Our cookies and tokens stay here, on every path, whoever asks, whatever else the lines hold.
func TestOurCredentialsNeverReachAnUpstream(t *testing.T) {
	w := site(t, `gate /gated/* {
		public /gated/public/*
		optional /gated/optional
		allow user
		basic
	}
	reverse_proxy UP`)
	ann := w.signedIn("ann", 0)
	token := w.token(ann.User)
	basic := base64.StdEncoding.EncodeToString([]byte("ann:" + token))
	canaries := []string{ann.secret, token, basic, strings.TrimRight(basic, "=")}
	for _, p := range protos {
		for _, path := range []string{"/outside", "/gated/public/x", "/gated/optional", "/gated/x"} {
			for _, header := range [][]string{
				{"Cookie", "a=1; " + p.cookieName() + "=" + ann.secret + "; b=2"},
				{"Cookie", p.cookieName() + "=" + ann.secret, "Cookie", "a=1; b=2"},
				{"Cookie", "a=1; b=2; GATEHOUSE-flow=" + ann.secret + "; gatehouse=" + ann.secret + "; __Host-gatehouse=" + ann.secret},
				{"Cookie", "a=1; b=2", "Authorization", "Bearer " + token},
				{"Cookie", "a=1; b=2", "authorization", "bearer  " + token},
				{"Cookie", "a=1; b=2", "Authorization", "Bearer\t" + token},
				{"Cookie", "a=1; b=2", "Authorization", "Basic " + basic},
				{"Cookie", "a=1; b=2", "Authorization", "Basic " + strings.TrimRight(basic, "=")},
			} {
				w.do(p, "GET", path, "", append(header, "Accept", "*/*")...)
				for _, got := range w.up.take() {
					for _, canary := range canaries {
						if strings.Contains(got.text(), canary) {
							t.Errorf("%s %s %q: the upstream got\n%s", p, path, header, got.text())
						}
					}
					if got.header("Cookie") != "a=1; b=2" {
						t.Errorf("%s %s %q: Cookie %q", p, path, header, got.header("Cookie"))
					}
				}
			}
		}
	}
}

// Authorization of the upstream's own is passed as sent, and says nothing to us.
func TestAuthorizationOfOthersPassesAsSent(t *testing.T) {
	w := gated(t, "optional /optional\npublic /public\nallow user")
	ann := w.signedIn("ann", 0)
	for _, p := range protos {
		for _, value := range []string{"Bearer eyJhbGciOi.J9.x", "Basic YW5uOnNlY3JldA==", `Digest username="ghk_x"`, "Bearer", "ghk_x", "Basic " +
			base64.StdEncoding.EncodeToString([]byte("ann:ghk_not-ours-without-the-word-basic"))} {
			for _, path := range []string{"/optional", "/public"} {
				if w.do(p, "GET", path, "", "Authorization", value).Status != http.StatusOK {
					t.Errorf("%s: %s is not passed on", path, value)
				}
				if got := w.up.only(t); got.header("Authorization") != value || got.has("Remote-User") {
					t.Errorf("%s %s: the upstream got\n%s", path, value, got.text())
				}
			}
			w.do(p, "GET", "/", "", append(ann.cookie(p), "Authorization", value)...)
			if got := w.up.only(t); got.header("Authorization") != value || got.header("Remote-User") != "ann" {
				t.Errorf("beside a cookie: the upstream got\n%s", got.text())
			}
			if r := w.do(p, "GET", "/", "", "Authorization", value); r.Status != http.StatusUnauthorized || r.code() != "login_required" {
				t.Errorf("%s alone: %d %s", value, r.Status, r.code())
			}
		}
	}
}

// A token is judged before the cookie, and a bad one is never passed over.
func TestTokens(t *testing.T) {
	w := gated(t, "public /public\noptional /optional\nallow role:admin /admin\nallow user\nbasic")
	ann := w.signedIn("ann", 0, "admin")
	bob := w.user("bob", "member")
	good := w.token(bob)
	revoked := w.token(bob)
	w.revoke(revoked)
	basic := func(token string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte("x:"+token)) }
	for _, p := range protos {
		for _, value := range []string{"Bearer " + good, "bearer " + good, basic(good)} {
			r := w.do(p, "GET", "/", "", append(ann.cookie(p), "Authorization", value)...)
			if got := w.up.only(t); r.Status != 200 || got.header("Remote-User") != "bob" || got.has("Authorization") || got.has("Cookie") {
				t.Errorf("%s %s: %d, the upstream got\n%s", p, value, r.Status, got.text())
			}
			r = w.do(p, "GET", "/admin", "", append(ann.cookie(p), "Authorization", value)...)
			if r.Status != http.StatusForbidden || r.code() != "forbidden" {
				t.Errorf("%s: somebody else's cookie helps a token: %d %s", p, r.Status, r.code())
			}
			r.refused(t, "a token of little right")
		}
		for _, value := range []string{"Bearer " + revoked, "Bearer ghk_", "Bearer ghk_unknown", basic("ghk_unknown"), "Bearer " + good + "x"} {
			for _, path := range []string{"/", "/optional", "/admin"} {
				r := w.do(p, "GET", path, "", append(ann.cookie(p), "Authorization", value, "Accept", "text/html")...)
				if r.Status != http.StatusUnauthorized || r.code() != "invalid_token" {
					t.Errorf("%s %s %s: %d %s", p, path, value, r.Status, r.code())
				}
				r.refused(t, value)
				if got := r.Header["Www-Authenticate"]; len(got) != 2 || got[0] != `Bearer realm="gatehouse"` || got[1] != `Basic realm="gatehouse"` {
					t.Errorf("challenge %q", got)
				}
			}
			if r := w.do(p, "GET", "/public", "", "Authorization", value); r.Status != http.StatusOK {
				t.Errorf("%s public: %d", value, r.Status)
			}
			if got := w.up.only(t); got.has("Authorization") {
				t.Errorf("public: the upstream got\n%s", got.text())
			}
		}
		if r := w.do(p, "GET", "/", "", "Authorization", "Bearer ghk_unknown", "Content-Type", "application/grpc"); r.Header.Get("Grpc-Status") != "16" {
			t.Errorf("%s gRPC: %d %v", p, r.Status, r.Header)
		}
	}
	w.up.nothing(t, "bad tokens")
}

// Of two different tokens nobody can tell which one is meant.
func TestTwoTokensAreNone(t *testing.T) {
	w := gated(t, "")
	one, two := w.token(w.user("ann")), w.token(w.user("bob"))
	if r := w.do(h1, "GET", "/", "", "Authorization", "Bearer "+one, "Authorization", "Bearer "+two); r.code() != "invalid_token" {
		t.Errorf("%d %s", r.Status, r.code())
	}
	w.up.nothing(t, "two tokens")
}

// What is no session is nobody: malformed, truncated, padded, doubled, of another scheme, of another host.
func TestCookiesThatAreNoSession(t *testing.T) {
	w := gated(t, "optional /optional\nallow user")
	ann := w.signedIn("ann", 0)
	elsewhere := w.sessionOf(ann.User, "other.localhost", 0)
	for _, p := range protos {
		other := h1
		if p == h1 {
			other = h2
		}
		name := p.cookieName()
		for what, line := range map[string]string{
			"truncated":        name + "=" + ann.secret[:42],
			"padded":           name + "=" + ann.secret + "=",
			"longer":           name + "=" + ann.secret + "A",
			"quoted":           name + `="` + ann.secret + `"`,
			"empty":            name + "=",
			"twice":            name + "=" + ann.secret + "; " + name + "=" + ann.secret,
			"twice, different": name + "=" + strings.Repeat("A", 43) + "; " + name + "=" + ann.secret,
			"of the scheme":    other.cookieName() + "=" + ann.secret,
			"of another host":  name + "=" + elsewhere.secret,
			"in capitals":      strings.ToUpper(name) + "=" + ann.secret,
			"unknown":          name + "=" + strings.Repeat("A", 43),
		} {
			r := w.do(p, "GET", "/", "", "Cookie", line)
			if r.Status != http.StatusUnauthorized || r.code() != "login_required" {
				t.Errorf("%s %s: %d %s", p, what, r.Status, r.code())
			}
			r.refused(t, what)
			w.up.nothing(t, what)
			w.do(p, "GET", "/optional", "", "Cookie", line)
			if got := w.up.only(t); got.has("Remote-User") || got.has("Cookie") {
				t.Errorf("%s %s: the upstream got\n%s", p, what, got.text())
			}
		}
	}
}

// A portal on a host that serves something else too: its cookies are nobody else's business either.
func TestAnAppBesideThePortalGetsNoCookies(t *testing.T) {
	w := site(t, "portal /auth/*\nreverse_proxy UP")
	w.up.does(func(_ seen, c net.Conn, _ *bufio.Reader) {
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nSet-Cookie: __Host-gatehouse=x; Path=/; Secure\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"))
	})
	for _, p := range protos {
		r := w.do(p, "GET", "/app", "", "Cookie", p.cookieName()+"="+strings.Repeat("A", 43)+"; a=1")
		if got := w.up.only(t); got.header("Cookie") != "a=1" {
			t.Errorf("%s: the upstream got Cookie %q", p, got.header("Cookie"))
		}
		if got := strings.Join(r.Header["Set-Cookie"], "|"); got != "a=1" {
			t.Errorf("%s: Set-Cookie %q", p, got)
		}
	}
}
