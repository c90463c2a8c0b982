package pages

import (
	"net/http"
	"strings"
)

// SafetyHeaders sets what every page of ours carries: no framing (clickjacking), no script but ours, no sniffing, no copy
// in any cache, and a referrer for our own forms only ("no-referrer" would make them post `Origin: null`).
//
// A form goes to our own origin, or to the one of formAction where that is not empty; anywhere where the page says so.
func safetyHeaders(h http.Header, nonce string, leavesSite bool, formAction string) {
	csp := []string{
		"default-src 'none'",
		"script-src 'nonce-" + nonce + "'",
		"style-src 'self' 'nonce-" + nonce + "'",
		"img-src 'self'", "font-src 'self'", "connect-src 'self'",
		"base-uri 'none'", "frame-ancestors 'none'",
		// Our scripts put no text into the page as HTML, and no other script shall.
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
