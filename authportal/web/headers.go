package web

import (
	"net/http"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// safetyHeaders go with every answer of ours, redirects and refusals included. Pages replace the policy by one that
// knows their scripts.
func (c *Call) safetyHeaders() {
	h := c.Writer.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	// Whatever another handler of the site allows to other origins, our pages are not among it.
	for _, n := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods",
		"Access-Control-Allow-Headers", "Access-Control-Expose-Headers"} {
		h.Del(n)
	}
}

func isAsset(path string) bool { return strings.HasPrefix(path, "/assets/") || path == "/gatehouse.js" }

// serveAsset hands out what pages need. It holds nothing of anyone, so its handler may let it be cached.
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
