package web

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// MailBase returns the URL that links in messages begin with: that of the portal that serves the site's pages.
func (c *Call) MailBase() (string, error) {
	if base := c.Visit.Site.PortalBase; base != "" {
		return base, nil
	}
	return c.OwnBase()
}

// OwnBase returns the URL of this site, for links that must return to the browser that requested them. It is taken from
// the configuration: a forged Host header, even one that differs only by its port, would send the link and the secret
// in it to an attacker (CWE-640).
func (c *Call) OwnBase() (string, error) {
	u, err := url.Parse(c.Visit.Origin)
	if err != nil {
		return "", fmt.Errorf("writing a link: %w", err)
	}
	if h := c.Visit.Host; h == "localhost" || strings.HasSuffix(h, ".localhost") || IsLoopback(h) {
		return c.Visit.Origin + c.Visit.Base, nil // always the reader's own machine
	}
	var first string
	for _, a := range c.Visit.Site.Addresses {
		at, err := url.Parse(a)
		if err != nil || !hostCovers(at.Hostname(), c.Visit.Host) {
			continue
		}
		own := at.Scheme + "://" + strings.Replace(at.Host, at.Hostname(), c.Visit.Host, 1)
		if own == c.Visit.Origin || u.Port() == "" {
			return c.Visit.Origin + c.Visit.Base, nil
		}
		if first == "" {
			first = own
		}
	}
	if first == "" {
		return "", fmt.Errorf("writing a link: the configuration gives this site no address for %q: "+
			"name its host, or a portal", c.Visit.Host)
	}
	return first + c.Visit.Base, nil
}

// hostCovers reports whether a configured host, which may begin with "*.", matches the host of a visit.
func hostCovers(configured, host string) bool {
	if rest, ok := strings.CutPrefix(configured, "*."); ok {
		_, parent, has := strings.Cut(host, ".")
		return has && parent == rest
	}
	return configured == host
}

// IsLoopback reports whether a host is a loopback IP address.
func IsLoopback(host string) bool {
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
