package pages

import (
	"net/http"
	"strings"
)

// SafetyHeaders sets the security headers of pages: no framing (clickjacking), no foreign scripts, no sniffing, no
// caching, and a referrer for the portal's own forms only ("no-referrer" would make them post `Origin: null`).
//
// Forms may post to the own origin, or to formAction if that is not empty, or anywhere if the page LeavesSite.
func safetyHeaders(h http.Header, nonce string, leavesSite bool, formAction string) {
	csp := []string{
		"default-src 'none'",
		"script-src 'nonce-" + nonce + "'",
		"style-src 'self' 'nonce-" + nonce + "'",
		"img-src 'self'", "font-src 'self'", "connect-src 'self'",
		"base-uri 'none'", "frame-ancestors 'none'",
		// The pages' scripts never insert text as HTML, and no other script may.
		"require-trusted-types-for 'script'", "trusted-types 'none'",
	}
	switch {
	case formAction != "":
		csp = append(csp, "form-action "+formAction)
	case !leavesSite:
		csp = append(csp, "form-action 'self'")
	}
	h.Set("Content-Security-Policy", strings.Join(csp, "; "))
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}
