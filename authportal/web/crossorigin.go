package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// ownOrigin reports whether the request may be acted upon. Posts of pages and all API requests must come from the
// site's own origin, from an origin that `cors` names (API only), or from a program other than a browser. Otherwise any
// site could sign a user in to the attacker's account (login CSRF), sign them out, or change their account.
func (c *Call) ownOrigin() bool {
	if !c.API {
		safe := c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
		return http.NewCrossOriginProtection().Check(c.Request) == nil && (safe || !c.downgraded())
	}
	if c.Request.Method == http.MethodOptions {
		return true // a preflight has no effect
	}
	if o := c.Request.Header.Get("Origin"); o != "" && slices.Contains(c.Visit.Site.Origins, o) {
		c.allowOrigin(o)
		return true
	}
	// CrossOriginProtection allows safe methods, but other origins may not even read from the API.
	r := *c.Request
	r.Method = http.MethodPost
	return http.NewCrossOriginProtection().Check(&r) == nil && !c.downgraded()
}

// downgraded reports whether a page over plain http sent a request over https. An attacker on the network can serve
// such a page under the site's own name. Browsers without Sec-Fetch-Site reveal it by Origin alone, of which
// CrossOriginProtection compares only the host.
func (c *Call) downgraded() bool {
	h := c.Request.Header
	return c.Visit.Secure && h.Get("Sec-Fetch-Site") == "" && strings.HasPrefix(h.Get("Origin"), "http://")
}

func (c *Call) emitCrossOrigin() {
	c.Emit(audit.Event{Kind: audit.EventCrossOrigin, Result: audit.ResultRefused, Reason: problem.CodeCrossOrigin})
}

func (c *Call) allowOrigin(origin string) {
	h := c.Writer.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", "Retry-After, ETag")
	// The response depends on the origin; a cache must not give it to another.
	h.Add("Vary", "Origin")
	// A stricter policy of another handler would hide the response from the origin that was just allowed.
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// preflight responds to OPTIONS.
func (c *Call) preflight(methods []string) {
	h := c.Writer.Header()
	h.Set("Allow", allow(methods, true))
	h.Add("Vary", "Origin")
	o := c.Request.Header.Get("Origin")
	switch {
	case o == "" || c.Request.Header.Get("Access-Control-Request-Method") == "":
		// A plain OPTIONS request, not a preflight.
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
