package authportal

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// ownOrigin reports whether the request may be acted upon: every post of a page, and everything of the API, must come
// from this very origin, from one that `cors` names (API only), or from no browser at all. Without it any site could
// sign a person in as its own account (login CSRF), out, or change what they have.
func (c *call) ownOrigin() bool {
	if !c.api {
		safe := c.r.Method == http.MethodGet || c.r.Method == http.MethodHead
		return http.NewCrossOriginProtection().Check(c.r) == nil && (safe || !c.downgraded())
	}
	if c.r.Method == http.MethodOptions {
		return true // a preflight is answered, not acted upon
	}
	if o := c.r.Header.Get("Origin"); o != "" && slices.Contains(c.v.Site.Origins, o) {
		c.allowOrigin(o)
		return true
	}
	// The protection lets safe methods pass; the API is closed to other origins for reading as well.
	r := *c.r
	r.Method = http.MethodPost
	return http.NewCrossOriginProtection().Check(&r) == nil && !c.downgraded()
}

// downgraded reports whether a page over plain http asks for something over https. Whoever is on the way can serve such
// a page under our own name, and browsers without Sec-Fetch-Site leave only its Origin to tell; the library compares
// hosts alone.
func (c *call) downgraded() bool {
	return c.v.Secure && c.r.Header.Get("Sec-Fetch-Site") == "" && strings.HasPrefix(c.r.Header.Get("Origin"), "http://")
}

func (c *call) emitCrossOrigin() {
	c.emit(Event{Kind: EventCrossOrigin, Result: ResultRefused, Reason: problem.CodeCrossOrigin})
}

func (c *call) allowOrigin(origin string) {
	h := c.w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", "Retry-After, ETag")
	// An answer to one origin is not that to another.
	h.Add("Vary", "Origin")
	// Helmet-like isolation would keep the answer from the origin that was just allowed.
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// preflight answers OPTIONS.
func (c *call) preflight(methods []string) {
	h := c.w.Header()
	h.Set("Allow", allow(methods, true))
	h.Add("Vary", "Origin")
	o := c.r.Header.Get("Origin")
	switch {
	case o == "" || c.r.Header.Get("Access-Control-Request-Method") == "":
		// not a preflight: somebody asks what there is
	case !slices.Contains(c.v.Site.Origins, o):
		c.answer(problem.CrossOrigin)
		return
	default:
		c.allowOrigin(o)
		h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
		h.Set("Access-Control-Allow-Headers", "Content-Type, Authorization, If-Match")
		h.Set("Access-Control-Max-Age", "600")
	}
	c.w.WriteHeader(http.StatusNoContent)
}
