package authportal

import (
	"fmt"
	"net/url"
	"strings"
)

// mailBase is the address that links in messages begin with: of the pages, wherever they are.
func (c *call) mailBase() (string, error) {
	if base := c.v.Site.PortalBase; base != "" {
		return base, nil
	}
	return c.ownBase()
}

// ownBase is the address of this very site, where links come back to the browser that asked. It comes from the
// configuration: a Host header that names another port would lead whoever follows the link, and the secret in it, to
// somebody else (CWE-640).
func (c *call) ownBase() (string, error) {
	u, err := url.Parse(c.v.Origin)
	if err != nil {
		return "", fmt.Errorf("writing a link: %w", err)
	}
	if h := c.v.Host; h == "localhost" || strings.HasSuffix(h, ".localhost") || isLoopback(h) {
		return c.v.Origin + c.v.Base, nil // leads nowhere but to the reader's own machine
	}
	var first string
	for _, a := range c.v.Site.Addresses {
		at, err := url.Parse(a)
		if err != nil || !hostCovers(at.Hostname(), c.v.Host) {
			continue
		}
		own := at.Scheme + "://" + strings.Replace(at.Host, at.Hostname(), c.v.Host, 1)
		if own == c.v.Origin || u.Port() == "" {
			return c.v.Origin + c.v.Base, nil
		}
		if first == "" {
			first = own
		}
	}
	if first == "" {
		return "", fmt.Errorf("writing a link: the configuration gives this site no address for %q: name its host, or a portal", c.v.Host)
	}
	return first + c.v.Base, nil
}

// hostCovers reports whether a configured host, which may begin with "*.", is that of a visit.
func hostCovers(configured, host string) bool {
	if rest, ok := strings.CutPrefix(configured, "*."); ok {
		_, parent, has := strings.Cut(host, ".")
		return has && parent == rest
	}
	return configured == host
}
