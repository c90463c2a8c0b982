package gate

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// namedOrigin returns the Origin of r where `cors` names it, else "".
func (g *Gate) namedOrigin(r *http.Request) string {
	if len(g.CORS) == 0 {
		return ""
	}
	origin := r.Header["Origin"]
	if len(origin) == 1 && slices.Contains(g.CORS, origin[0]) {
		return origin[0]
	}
	return ""
}

// sameOrNamedOrigin reports whether the page that opened a WebSocket may use the cookie that came with it. Browsers
// send cookies with WebSockets of any same-site page and apply no CORS (cross-site WebSocket hijacking). A program
// sends no Origin.
func (g *Gate) sameOrNamedOrigin(r *http.Request) bool {
	lines, present := r.Header["Origin"]
	if !present {
		return true
	}
	if len(lines) != 1 {
		return false
	}
	if g.namedOrigin(r) != "" {
		return true
	}
	origin, err := url.Parse(lines[0])
	if err != nil || origin.Host == "" {
		return false
	}
	secure := isSecure(r)
	return strings.EqualFold(origin.Scheme, map[bool]string{true: "https", false: "http"}[secure]) &&
		strings.EqualFold(withoutDefaultPort(origin.Host, secure), withoutDefaultPort(r.Host, secure))
}

func withoutDefaultPort(host string, secure bool) string {
	if secure {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

// isPreflight reports whether r is a CORS preflight (Fetch §4.8) of an origin that `cors` names. It carries no cookie
// by definition, so that the gate answers it itself: no rule could ever let one in.
func (g *Gate) isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" && g.namedOrigin(r) != ""
}

func (x *exchange) answerPreflight() error {
	h, r := x.w.Header(), x.r
	setAllowOrigin(h, x.gate.namedOrigin(r))
	h.Set("Access-Control-Allow-Methods", r.Header.Get("Access-Control-Request-Method"))
	if headers := r.Header.Get("Access-Control-Request-Headers"); headers != "" {
		h.Set("Access-Control-Allow-Headers", headers)
	}
	h.Set("Access-Control-Max-Age", "600")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}

// allowOrigin lets a page of a named origin read our refusal.
func (x *exchange) allowOrigin() {
	if origin := x.gate.namedOrigin(x.r); origin != "" {
		setAllowOrigin(x.w.Header(), origin)
	}
}

func setAllowOrigin(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Add("Vary", "Origin")
}
