package authportal

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
	cookieSession = "gatehouse"
	cookieFlow    = "gatehouse-flow"   // the browser's mark while it signs in on another host
	cookieDevice  = "gatehouse-known"  // the mark of a browser that signed in here before
	cookieSignIn  = "gatehouse-signin" // sealed state of a sign-in in progress
	hostPrefix    = "__Host-"
)

// OwnCookie reports whether a cookie of that name is ours, in either form. None of them ever reaches an upstream, and
// no upstream sets one.
func OwnCookie(name string) bool {
	// Browsers compare the prefix without regard to case, and so must who strips it.
	if len(name) >= len(hostPrefix) && strings.EqualFold(name[:len(hostPrefix)], hostPrefix) {
		name = name[len(hostPrefix):]
	}
	if len(name) < len(cookieSession) || !strings.EqualFold(name[:len(cookieSession)], cookieSession) {
		return false
	}
	rest := name[len(cookieSession):]
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
	secretBytes = 32
	markBytes   = 16
)

var secret64 = base64.RawURLEncoding.Strict()

// SessionKey returns the key of the session cookie that belongs to the scheme. What is missing, malformed, truncated,
// padded or there twice is no session. It allocates nothing.
func SessionKey(r *http.Request, secure bool) (store.Key, bool) {
	v, ok := theCookie(r, cookieSession, secure)
	if !ok || len(v) != base64.RawURLEncoding.EncodedLen(secretBytes) {
		return store.Key{}, false
	}
	var in [43]byte
	var raw [secretBytes + 1]byte
	copy(in[:], v)
	// Strict: the two spare bits of the last character must be zero, or four spellings would open one session.
	if n, err := secret64.Decode(raw[:], in[:]); err != nil || n != secretBytes {
		return store.Key{}, false
	}
	return store.KeyOf(raw[:secretBytes]), true
}

// theCookie returns the value of the only cookie of that name. Two of one name mean that someone tossed one in, and
// nobody can tell which: then there is none.
func theCookie(r *http.Request, name string, secure bool) (string, bool) {
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

// setCookie sets one of ours. A maxAge of 0 lasts until the browser is closed; a negative one removes it.
func (c *call) setCookie(name, value string, maxAge time.Duration) {
	c.putCookie(ownCookie(name, value, maxAge, c.v.Secure))
}

func ownCookie(name, value string, maxAge time.Duration, secure bool) *http.Cookie {
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

func (c *call) putCookie(k *http.Cookie) {
	// One answer, one cookie of a name: a later step of the same request replaces what an earlier one set.
	h := c.w.Header()
	kept := h["Set-Cookie"][:0]
	for _, old := range h["Set-Cookie"] {
		if !strings.HasPrefix(old, k.Name+"=") {
			kept = append(kept, old)
		}
	}
	h["Set-Cookie"] = append(kept, k.String())
}
