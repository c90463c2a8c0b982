package authportal

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// Purposes of what we seal. A value of one is garbage to every other.
const (
	sealTo     = "to"     // where to go after sign-in, on the same host
	sealFlow   = "flow"   // the same across hosts, with the browser's mark
	sealCode   = "code"   // the hand-off back
	sealSignIn = "signin" // state of a sign-in in progress
)

const (
	flowLife = 30 * time.Minute // of the browser's mark, and of a flow that can be handed back by it
	toLife   = 24 * time.Hour   // of a return address: a login page left open overnight still knows its way
)

// goal is where a sign-in leads and what it must satisfy. The gate that starts it seals it, so there is no redirect
// parameter to forge.
type goal struct {
	Host  string `json:"h"`
	To    string `json:"p"`           // path and query as sent
	MFA   bool   `json:"m,omitempty"` // the rule's demand
	Fresh int64  `json:"f,omitempty"` // seconds
	Began int64  `json:"t"`           // Unix time
	Again int    `json:"n,omitempty"` // how often sign-in has started anew for it

	// Of a flow across hosts only:
	Origin string `json:"o,omitempty"` // of the app, as its browser sees it
	Base   string `json:"b,omitempty"` // of the app's reserved paths
	Mark   []byte `json:"k,omitempty"` // SHA-256 of the browser's mark
}

func (g *goal) demand() Demand {
	return Demand{MFA: g.MFA, Fresh: time.Duration(g.Fresh) * time.Second}
}

// old tells whether the goal was sealed longer ago than d.
func (g *goal) old(now time.Time, d time.Duration) bool { return now.Sub(time.Unix(g.Began, 0)) >= d }

func (p *Portal) seal(purpose string, v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("sealing for %s: %w", purpose, err)
	}
	return p.keys.Seal(purpose, b, nil)
}

func (p *Portal) unseal(purpose, sealed string, dst any) bool {
	if sealed == "" || len(sealed) > 8192 {
		return false
	}
	b, err := p.keys.Open(purpose, sealed, nil)
	return err == nil && json.Unmarshal(b, dst) == nil
}

// LoginURL returns where somebody must go who has no session, or whose session does not meet the demand: the login page
// of the visit's site, which comes back to `to`, the path and query as the browser sent them, never a host.
func (p *Portal) LoginURL(v *Visit, to string, d Demand) string {
	page := v.Base + "/login"
	if v.Site.LoginPage != "" {
		page = v.prefix() + v.Site.LoginPage
	}
	return p.loginURL(v, page, goal{To: to, MFA: d.MFA, Fresh: wholeSeconds(d.Fresh)})
}

func (p *Portal) loginURL(v *Visit, page string, g goal) string {
	g.Host, g.To, g.Began = v.Host, returnAddress(g.To), p.now().Unix()
	sealed, err := p.seal(sealTo, g)
	if err != nil {
		// Only randomness can fail. The way in is shown all the same; it ends at the account.
		p.log.Error("sealing a return address", "error", err)
		return page
	}
	sep := "?"
	if strings.Contains(page, "?") {
		sep = "&"
	}
	return page + sep + "to=" + sealed
}

// wholeSeconds rounds up, so that no demand becomes none.
func wholeSeconds(d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return int64((d + time.Second - 1) / time.Second)
}

// startFlow begins a sign-in for this host at the portal of another: it marks the browser, and sends it there with the
// goal sealed. Nothing is stored.
func (c *call) startFlow(page string) error {
	if err := c.mustHTTPS(); err != nil {
		return err
	}
	if c.v.Site.PortalBase == "" {
		return problem.NotFound
	}
	in := c.intent(c.r.URL.Query().Get("to"), "")
	live, err := c.session()
	if err != nil {
		return err
	}
	if live != nil && in.satisfied(c.p, live) {
		return c.redirect(in.landing(c))
	}
	mark, err := c.mark()
	if err != nil {
		return err
	}
	g := in.goal
	g.Host, g.To, g.Origin, g.Base, g.Mark = c.v.Host, returnAddress(g.To), c.v.Origin, c.v.Base, markHash(mark)
	if !in.sealed {
		g.Began = c.p.now().Unix()
	}
	// What the mark outlives must not look older than the mark.
	if g.old(c.p.now(), flowLife/2) && g.Fresh == 0 {
		g.Began = c.p.now().Unix()
	}
	sealed, err := c.p.seal(sealFlow, g)
	if err != nil {
		return err
	}
	c.setCookie(cookieFlow, secret64.EncodeToString(mark), flowLife)
	return c.redirect(c.v.Site.PortalBase + page + "?flow=" + url.QueryEscape(sealed))
}

// mark returns the browser's mark, or a new one. One serves all tabs: they differ in their flows.
func (c *call) mark() ([]byte, error) {
	if m, ok := c.haveMark(cookieFlow); ok {
		return m, nil
	}
	return c.p.secret(markBytes)
}

// haveMark returns the mark in the cookie of that name.
func (c *call) haveMark(name string) ([]byte, bool) {
	v, ok := theCookie(c.r, name, c.v.Secure)
	if !ok {
		return nil, false
	}
	m, err := secret64.DecodeString(v)
	return m, err == nil && len(m) == markBytes
}

func markHash(mark []byte) []byte {
	h := sha256.Sum256(append([]byte("gatehouse mark "), mark...))
	return h[:]
}
