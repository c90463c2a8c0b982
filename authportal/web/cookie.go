package web

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Names of the portal's cookies over plain http. Over https each begins with __Host-: a browser accepts such a cookie
// only with Secure, from this very host and for every path, so that a sibling host cannot set one (cookie tossing).
const (
	CookieSession = "gatehouse"
	CookieFlow    = "gatehouse-flow"   // state cookie of a browser that signs in on another host
	CookieDevice  = "gatehouse-known"  // device cookie of a browser that has signed in here before
	CookieSignIn  = "gatehouse-signin" // sealed state of a sign-in in progress
	hostPrefix    = "__Host-"
)

// OwnCookie reports whether a cookie is one of the portal's, in either form. None of them reaches an upstream, and no
// upstream can set one.
func OwnCookie(name string) bool {
	// Browsers compare the prefix case-insensitively, so this must too.
	if len(name) >= len(hostPrefix) && strings.EqualFold(name[:len(hostPrefix)], hostPrefix) {
		name = name[len(hostPrefix):]
	}
	if len(name) < len(CookieSession) || !strings.EqualFold(name[:len(CookieSession)], CookieSession) {
		return false
	}
	rest := name[len(CookieSession):]
	// Match by prefix, so that an older gateway also strips the cookies of a later version.
	return rest == "" || rest[0] == '-'
}

func cookieName(name string, secure bool) string {
	if secure {
		return hostPrefix + name
	}
	return name
}

// Lengths of the random values in cookies and tokens, before encoding.
const (
	SecretBytes = 32 // session secrets
	MarkBytes   = 16 // device and state cookies
)

// Secret64 encodes secrets: unpadded base64url, strict, so that a secret has exactly one encoding.
var Secret64 = base64.RawURLEncoding.Strict()

// SessionKey returns the key of the request's session cookie. A cookie that is missing, malformed, truncated, padded or
// repeated is no session. SessionKey does not allocate.
func SessionKey(r *http.Request, secure bool) (store.Key, bool) {
	v, ok := TheCookie(r, CookieSession, secure)
	if !ok || len(v) != base64.RawURLEncoding.EncodedLen(SecretBytes) {
		return store.Key{}, false
	}
	var in [43]byte
	var raw [SecretBytes + 1]byte
	copy(in[:], v)
	// Strict: the two spare bits of the last character must be zero, or one session would have four keys.
	if n, err := Secret64.Decode(raw[:], in[:]); err != nil || n != SecretBytes {
		return store.Key{}, false
	}
	return store.KeyOf(raw[:SecretBytes]), true
}

// TheCookie returns the value of the only cookie of that name. If there are two, one of them was set by another host or
// path (cookie tossing); TheCookie then returns neither.
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

// SetCookie sets one of the portal's cookies. With a maxAge of 0 it lasts until the browser is closed; a negative
// maxAge deletes it.
func (c *Call) SetCookie(name, value string, maxAge time.Duration) {
	c.PutCookie(NewCookie(name, value, maxAge, c.Visit.Secure))
}

// NewCookie returns one of the portal's cookies. With a maxAge of 0 it lasts until the browser is closed; a negative
// maxAge deletes it.
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

// PutCookie adds a cookie to the response. It replaces one of the same name that an earlier step of the call set.
func (c *Call) PutCookie(k *http.Cookie) {
	h := c.Writer.Header()
	kept := h["Set-Cookie"][:0]
	for _, old := range h["Set-Cookie"] {
		if !strings.HasPrefix(old, k.Name+"=") {
			kept = append(kept, old)
		}
	}
	h["Set-Cookie"] = append(kept, k.String())
}
