package web

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Names of our cookies over plain http; over https each begins with __Host-, which a browser takes only with Secure,
// from this very host, for every path: no sibling host can toss one in.
const (
	CookieSession = "gatehouse"
	CookieFlow    = "gatehouse-flow"   // the browser's mark while it signs in on another host
	CookieDevice  = "gatehouse-known"  // the mark of a browser that signed in here before
	CookieSignIn  = "gatehouse-signin" // sealed state of a sign-in in progress
	hostPrefix    = "__Host-"
)

// OwnCookie reports whether a cookie of that name is ours, in either form. None of them ever reaches an upstream, and
// no upstream sets one.
func OwnCookie(name string) bool {
	// Browsers compare the prefix without regard to case, and so must who strips it.
	if len(name) >= len(hostPrefix) && strings.EqualFold(name[:len(hostPrefix)], hostPrefix) {
		name = name[len(hostPrefix):]
	}
	if len(name) < len(CookieSession) || !strings.EqualFold(name[:len(CookieSession)], CookieSession) {
		return false
	}
	rest := name[len(CookieSession):]
	// Whatever begins so is ours, so that a cookie of a later version is stripped by an older gate too.
	return rest == "" || rest[0] == '-'
}

func cookieName(name string, secure bool) string {
	if secure {
		return hostPrefix + name
	}
	return name
}

// secret lengths as sent: unpadded base64url.
const (
	SecretBytes = 32
	MarkBytes   = 16
)

var Secret64 = base64.RawURLEncoding.Strict()

// SessionKey returns the key of the session cookie that belongs to the scheme. What is missing, malformed, truncated,
// padded or there twice is no session. It allocates nothing.
func SessionKey(r *http.Request, secure bool) (store.Key, bool) {
	v, ok := TheCookie(r, CookieSession, secure)
	if !ok || len(v) != base64.RawURLEncoding.EncodedLen(SecretBytes) {
		return store.Key{}, false
	}
	var in [43]byte
	var raw [SecretBytes + 1]byte
	copy(in[:], v)
	// Strict: the two spare bits of the last character must be zero, or four spellings would open one session.
	if n, err := Secret64.Decode(raw[:], in[:]); err != nil || n != SecretBytes {
		return store.Key{}, false
	}
	return store.KeyOf(raw[:SecretBytes]), true
}

// TheCookie returns the value of the only cookie of that name. Two of one name mean that someone tossed one in, and
// nobody can tell which: then there is none.
func TheCookie(r *http.Request, name string, secure bool) (string, bool) {
	value, found := "", 0
	for _, line := range r.Header["Cookie"] {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ";")
			k, v, ok := strings.Cut(strings.Trim(part, " \t"), "=")
			if !ok {
				continue
			}
			if secure {
				if !strings.HasPrefix(k, hostPrefix) {
					continue
				}
				k = k[len(hostPrefix):]
			}
			if k == name {
				value = v
				found++
			}
		}
	}
	return value, found == 1
}

// SetCookie sets one of ours. A maxAge of 0 lasts until the browser is closed; a negative one removes it.
func (c *Call) SetCookie(name, value string, maxAge time.Duration) {
	c.PutCookie(NewCookie(name, value, maxAge, c.Visit.Secure))
}

// NewCookie returns one of our cookies. A maxAge of 0 lasts until the browser is closed; a negative one removes it.
func NewCookie(name, value string, maxAge time.Duration, secure bool) *http.Cookie {
	k := &http.Cookie{Name: cookieName(name, secure), Value: value, Path: "/", HttpOnly: true, Secure: secure,
		SameSite: http.SameSiteLaxMode}
	switch {
	case maxAge > 0:
		k.MaxAge = int(maxAge / time.Second)
	case maxAge < 0:
		k.MaxAge = -1
	}
	return k
}

func (c *Call) PutCookie(k *http.Cookie) {
	// One answer, one cookie of a name: a later step of the same request replaces what an earlier one set.
	h := c.Writer.Header()
	kept := h["Set-Cookie"][:0]
	for _, old := range h["Set-Cookie"] {
		if !strings.HasPrefix(old, k.Name+"=") {
			kept = append(kept, old)
		}
	}
	h["Set-Cookie"] = append(kept, k.String())
}
