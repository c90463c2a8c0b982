package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// ownOrigin reports whether the request may be acted upon: every post of a page, and everything of the API, must come
// from this very origin, from one that `cors` names (API only), or from no browser at all. Without it any site could
// sign a person in as its own account (login CSRF), out, or change what they have.
func (c *Call) ownOrigin() bool {
	if !c.API {
		safe := c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
		return http.NewCrossOriginProtection().Check(c.Request) == nil && (safe || !c.downgraded())
	}
	if c.Request.Method == http.MethodOptions {
		return true // a preflight is answered, not acted upon
	}
	if o := c.Request.Header.Get("Origin"); o != "" && slices.Contains(c.Visit.Site.Origins, o) {
		c.allowOrigin(o)
		return true
	}
	// The protection lets safe methods pass; the API is closed to other origins for reading as well.
	r := *c.Request
	r.Method = http.MethodPost
	return http.NewCrossOriginProtection().Check(&r) == nil && !c.downgraded()
}

// downgraded reports whether a page over plain http asks for something over https. Whoever is on the way can serve such
// a page under our own name, and browsers without Sec-Fetch-Site leave only its Origin to tell; the library compares
// hosts alone.
func (c *Call) downgraded() bool {
	return c.Visit.Secure && c.Request.Header.Get("Sec-Fetch-Site") == "" && strings.HasPrefix(c.Request.Header.Get("Origin"), "http://")
}

func (c *Call) emitCrossOrigin() {
	c.Emit(audit.Event{Kind: audit.EventCrossOrigin, Result: audit.ResultRefused, Reason: problem.CodeCrossOrigin})
}

func (c *Call) allowOrigin(origin string) {
	h := c.Writer.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", "Retry-After, ETag")
	// An answer to one origin is not that to another.
	h.Add("Vary", "Origin")
	// Helmet-like isolation would keep the answer from the origin that was just allowed.
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// preflight answers OPTIONS.
func (c *Call) preflight(methods []string) {
	h := c.Writer.Header()
	h.Set("Allow", allow(methods, true))
	h.Add("Vary", "Origin")
	o := c.Request.Header.Get("Origin")
	switch {
	case o == "" || c.Request.Header.Get("Access-Control-Request-Method") == "":
		// not a preflight: somebody asks what there is
	case !slices.Contains(c.Visit.Site.Origins, o):
		c.answer(problem.CrossOrigin)
		return
	default:
		c.allowOrigin(o)
		h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
		h.Set("Access-Control-Allow-Headers", "Content-Type, Authorization, If-Match")
		h.Set("Access-Control-Max-Age", "600")
	}
	c.Writer.WriteHeader(http.StatusNoContent)
}
