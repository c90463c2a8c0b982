package authportal

import (
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// jwks answers with the keys that verify signed identities. They are public and change with the secret only, so that
// upstreams may keep them for a while.
func (c *call) jwks() error {
	if !c.v.Site.JWT && !c.v.Site.Portal {
		return problem.NotFound
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/jwk-set+json")
	h.Set("Cache-Control", "public, max-age=300")
	_, _ = c.w.Write(c.p.keys.JWKS())
	return nil
}
