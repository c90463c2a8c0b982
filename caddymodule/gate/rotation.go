package gate

import (
	"net/http"
	"strings"
)

// rotatesSecret reports whether the answer should hand out the next secret of a remembered session: to a navigation
// only, and by the first gate on the way, past which no other takes the cookie for an upstream's.
func (x *exchange) rotatesSecret() bool {
	return x.entry != nil && x.parent == nil && x.entry.Live().Session.Remembered &&
		x.run.Portal.SignIn.DueSecret(&x.entry.Live().Session) && x.r.Method == http.MethodGet &&
		classifyClient(x.r) == clientNavigation
}

// nextSecret returns the Set-Cookie line with the next secret; empty where the session keeps the one it has for now.
func (x *exchange) nextSecret() string {
	s := &x.entry.Live().Session
	cookie, err := x.run.Portal.SignIn.NextSecret(x.r.Context(), s, isSecure(x.r))
	if err != nil {
		x.run.Log.Warn("a remembered session keeps its secret for now", "user_id", s.UserID, "error", err)
	}
	if cookie == nil {
		return ""
	}
	return cookie.String()
}

// allowsSharedCaching reports whether an upstream meant its answer for shared caches. We forbid it, but one on the
// way may follow the upstream's own header instead, and would give the secret to the next person.
func allowsSharedCaching(h http.Header) bool {
	for name, lines := range h {
		if name != "Cache-Control" && name != "Surrogate-Control" && !strings.HasSuffix(name, "Cdn-Cache-Control") {
			continue
		}
		if name != "Cache-Control" {
			return true
		}
		for directive := range strings.SplitSeq(strings.Join(lines, ","), ",") {
			name, _, _ := strings.Cut(strings.TrimSpace(directive), "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "public", "s-maxage":
				return true
			}
		}
	}
	return false
}
