package pages

import "net/http"

// SafetyHeaders sets what every page of ours carries: no framing (clickjacking), no script but ours, no sniffing, no copy
// in any cache, and a referrer for our own forms only ("no-referrer" would make them post `Origin: null`).
func SafetyHeaders(h http.Header, nonce string, leavesSite bool) {
	csp := "default-src 'none'; style-src 'self' 'nonce-" + nonce + "'; script-src 'nonce-" + nonce +
		"'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; frame-ancestors 'none'"
	if !leavesSite {
		csp += "; form-action 'self'"
	}
	h.Set("Content-Security-Policy", csp)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}
