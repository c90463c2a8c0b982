package web

import (
	"net/http"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// safetyHeaders sets the security headers of every response, redirects and refusals included. Pages replace the policy
// by one that allows their scripts.
func (c *Call) safetyHeaders() {
	h := c.Writer.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	// Another handler of the site may allow other origins; that must not include the portal.
	for _, n := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
		"Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Expose-Headers"} {
		h.Del(n)
	}
}

func isAsset(path string) bool { return strings.HasPrefix(path, "/assets/") || path == "/gatehouse.js" }

// serveAsset serves the styles and scripts of pages. They contain no user data, so their handler may allow caching.
func (s *Server) serveAsset(c *Call) {
	if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		c.Writer.Header().Set("Allow", "GET, HEAD")
		c.answer(problem.Method)
		return
	}
	r := c.Request.Clone(c.Ctx())
	r.URL.Path, r.URL.RawPath = c.Visit.Path, ""
	s.pages.Assets().ServeHTTP(c.Writer, r)
}
