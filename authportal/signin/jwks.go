package signin

import (
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// jwks serves the keys that verify signed identities. They change only with `secret`, so upstreams may cache them.
func (s *callers) jwks(c *web.Call) error {
	if !c.Visit.Site.JWT && !c.Visit.Site.Portal {
		return problem.NotFound
	}
	h := c.Writer.Header()
	h.Set("Content-Type", "application/jwk-set+json")
	h.Set("Cache-Control", "public, max-age=300")
	_, _ = c.Writer.Write(s.keys.JWKS())
	return nil
}
