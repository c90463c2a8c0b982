package gatetest

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// remembered stores an account and a remembered session that has had its secret for some time.
func (w *world) remembered(name string, ago time.Duration) person {
	w.t.Helper()
	u := w.user(name)
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	created := time.Now().Add(-ago)
	live := &store.ActiveSession{Identity: u.Identity(), Session: store.Session{Key: store.KeyOf(secret), ID: randomID(), UserID: u.ID, Host: host,
		Created: created, LastSeen: time.Now(), Expires: created.Add(30 * 24 * time.Hour), Remembered: true,
		Proofs: []store.Proof{{Method: "password", At: created}}}}
	if err := w.sessions().CreateSession(w.t.Context(), live); err != nil {
		w.t.Fatal(err)
	}
	w.secrets = append(w.secrets, base64.RawURLEncoding.EncodeToString(secret))
	return person{User: u, secret: w.secrets[len(w.secrets)-1], session: live.Session.ID}
}

// handedOut returns the Set-Cookie line of ours in an answer, and the secret in it.
func (w *world) handedOut(p proto, r reply) (line, secret string) {
	for _, line := range r.Header["Set-Cookie"] {
		if rest, ok := strings.CutPrefix(line, p.cookieName()+"="); ok {
			secret, _, _ := strings.Cut(rest, ";")
			w.secrets = append(w.secrets, secret)
			return line, secret
		}
	}
	return "", ""
}

// A remembered session gets its next secret with an answer that a person sees and nobody else may keep, once; the upstream
// notices nothing.
func TestARememberedSessionGetsItsNextSecret(t *testing.T) {
	w := gated(t, "public /public\nallow user")
	for _, p := range protos {
		ann := w.remembered("ann-"+strings.ToLower(strings.NewReplacer("/", "", ".", "").Replace(string(p))), 13*time.Hour)
		navigation := append(ann.cookie(p), "Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
		nothing := func(what string, r reply) {
			t.Helper()
			if line, _ := w.handedOut(p, r); line != "" {
				t.Errorf("%s, %s: %s", p, what, line)
			}
		}
		w.up.answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		nothing("a public path", w.do(p, "GET", "/public", "", navigation...))
		nothing("a fetch", w.do(p, "GET", "/", "", append(ann.cookie(p), "Accept", "*/*", "Sec-Fetch-Mode", "cors")...))
		nothing("a form", w.do(p, "POST", "/", "a=b", append(navigation, "Content-Type", "application/x-www-form-urlencoded")...))
		for _, control := range []string{"public, max-age=60", "s-maxage=60"} {
			w.up.answers("HTTP/1.1 200 OK\r\nCache-Control: " + control + "\r\nContent-Length: 0\r\n\r\n")
			nothing(control, w.do(p, "GET", "/", "", navigation...))
		}
		w.up.answers("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nSet-Cookie: theme=dark\r\n" +
			"Set-Cookie: " + p.cookieName() + "=theirs\r\nContent-Length: 0\r\n\r\n")
		w.up.take()
		r := w.do(p, "GET", "/", "", navigation...)
		if seen := w.up.only(t); seen.has("Cookie") {
			t.Errorf("%s: the upstream saw %q", p, seen.header("Cookie"))
		}
		line, next := w.handedOut(p, r)
		if len(r.Header["Set-Cookie"]) != 2 || len(next) != 43 || !strings.Contains(line, "; HttpOnly") || !strings.Contains(line, "; SameSite=Lax") ||
			!strings.Contains(line, "; Path=/; Max-Age=25") || r.Header.Get("Cache-Control") != "max-age=60, private" {
			t.Fatalf("%s: %v", p, r.Header)
		}
		nothing("a second navigation", w.do(p, "GET", "/", "", navigation...))
		renewed := ann
		renewed.secret = next
		for _, who := range []person{renewed, ann, renewed} { // what was in flight still passes
			if r := w.do(p, "GET", "/", "", who.cookie(p)...); r.Status != 200 {
				t.Errorf("%s: %d", p, r.Status)
			}
		}
		nothing("the new secret", w.do(p, "GET", "/", "", append(renewed.cookie(p), "Accept", "text/html")...))
	}
}

func TestAYoungSecretAndASessionThatIsNotRememberedStay(t *testing.T) {
	w := gated(t, "allow user")
	for _, p := range protos {
		w.up.answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		name := strings.ToLower(strings.NewReplacer("/", "", ".", "").Replace(string(p)))
		for _, who := range []person{w.remembered("young-"+name, 11*time.Hour), w.signedIn("short-"+name, 13*time.Hour)} {
			if line, _ := w.handedOut(p, w.do(p, "GET", "/", "", append(who.cookie(p), "Accept", "text/html")...)); line != "" {
				t.Errorf("%s, %s: %s", p, who.Username, line)
			}
		}
	}
}

// A copy that is used after its owner has gone on ends the session for both, and is told with where it came from.
func TestACopyOfASecretEndsTheSession(t *testing.T) {
	w := gated(t, "allow user")
	past := w.sessionsAt(func() time.Time { return time.Now().Add(-2 * store.ReplayGrace) })
	for _, p := range protos {
		ann := w.remembered("copied-"+strings.ToLower(strings.NewReplacer("/", "", ".", "").Replace(string(p))), 13*time.Hour)
		next := make([]byte, 32)
		_, _ = rand.Read(next)
		owner := ann
		owner.secret = base64.RawURLEncoding.EncodeToString(next)
		w.secrets = append(w.secrets, owner.secret)
		raw, _ := base64.RawURLEncoding.DecodeString(ann.secret)
		if err := past.OfferSecret(t.Context(), ann.ID, store.KeyOf(raw), store.KeyOf(next)); err != nil {
			t.Fatal(err)
		}
		if _, err := past.Session(t.Context(), store.KeyOf(next)); err != nil {
			t.Fatal(err)
		}
		w.up.answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		if r := w.do(p, "GET", "/", "", owner.cookie(p)...); r.Status != 200 {
			t.Fatalf("%s: the owner got %d", p, r.Status)
		}
		w.up.take()
		for _, who := range []person{ann, owner, ann} {
			if r := w.do(p, "GET", "/", "", who.cookie(p)...); r.Status != 401 {
				t.Errorf("%s: %d after a copy was used", p, r.Status)
			}
		}
		w.up.nothing(t, "after a copy was used")
	}
}
