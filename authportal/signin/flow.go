package signin

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// Purposes of sealed values. A value sealed for one purpose cannot be opened for another.
const (
	SealTo     = "to"     // return URL on the same host
	SealFlow   = "flow"   // the same across hosts, bound to the flow cookie
	SealCode   = "code"   // code of a hand-off
	sealSignIn = "signin" // pending sign-ins
)

const (
	flowLife = 30 * time.Minute // of the flow cookie, and so of a hand-off
	toLife   = 24 * time.Hour   // of a return URL: a login page may be left open overnight
)

// ReturnTo is the return URL of a sign-in and the demand that it must satisfy. The gate that starts the sign-in seals
// it, so there is no redirect parameter to forge.
type ReturnTo struct {
	Host  string `json:"h"`
	To    string `json:"p"`           // path and query as sent
	MFA   bool   `json:"m,omitempty"` // demanded by the rule
	Fresh int64  `json:"f,omitempty"` // seconds
	Began int64  `json:"t"`           // Unix time
	Again int    `json:"n,omitempty"` // number of restarts

	// Only in a flow across hosts:
	Origin     string `json:"o,omitempty"` // of the app, as the browser sees it
	Base       string `json:"b,omitempty"` // of the app's reserved paths
	CookieHash []byte `json:"k,omitempty"` // hash of the flow cookie
}

func (r *ReturnTo) Demand() web.Demand {
	return web.Demand{MFA: r.MFA, Fresh: time.Duration(r.Fresh) * time.Second}
}

// olderThan reports whether the value was sealed at least d ago.
func (r *ReturnTo) olderThan(now time.Time, d time.Duration) bool {
	return now.Sub(time.Unix(r.Began, 0)) >= d
}

func (s *flows) seal(purpose string, v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("sealing for %s: %w", purpose, err)
	}
	return s.keys.Seal(purpose, b, nil)
}

func (s *flows) Unseal(purpose, sealed string, dst any) bool {
	if sealed == "" || len(sealed) > 8192 {
		return false
	}
	b, err := s.keys.Open(purpose, sealed, nil)
	return err == nil && json.Unmarshal(b, dst) == nil
}

// LoginURL returns the address of the login page for a request without a session, or with one that does not meet the
// demand. The page returns to `to`, the path and query as the browser sent them, never a host.
func (s *flows) LoginURL(v *web.Visit, to string, demand web.Demand) string {
	page := v.Base + "/login"
	if v.Site.LoginPage != "" {
		page = v.Prefix() + v.Site.LoginPage
	}
	return s.loginURL(v, page, ReturnTo{To: to, MFA: demand.MFA, Fresh: wholeSeconds(demand.Fresh)})
}

func (s *flows) loginURL(v *web.Visit, page string, returnTo ReturnTo) string {
	returnTo.Host, returnTo.To, returnTo.Began = v.Host, web.ReturnAddress(returnTo.To), s.now().Unix()
	sealed, err := s.seal(SealTo, returnTo)
	if err != nil {
		// Sealing fails only without randomness. The login page works even so, and leads to the account.
		s.log.Error("sealing a return URL failed", "error", err)
		return page
	}
	sep := "?"
	if strings.Contains(page, "?") {
		sep = "&"
	}
	return page + sep + "to=" + sealed
}

// wholeSeconds rounds up, so that a short demand does not become none.
func wholeSeconds(d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return int64((d + time.Second - 1) / time.Second)
}

// StartFlow begins a sign-in for this host at the portal of another. It sets the flow cookie and redirects the browser
// with the sealed return URL. Nothing is stored.
func (s *flows) StartFlow(c *web.Call, page string) error {
	if err := s.guard.MustHTTPS(c); err != nil {
		return err
	}
	if c.Visit.Site.PortalBase == "" {
		return problem.NotFound
	}
	request := s.ParseLoginRequest(c, c.Request.URL.Query().Get("to"), "")
	active, err := s.callers.session(c)
	if err != nil {
		return err
	}
	if active != nil && request.satisfiedBy(s, active) {
		return c.Redirect(request.landingURL(c))
	}
	secret, err := s.flowCookie(c)
	if err != nil {
		return err
	}
	returnTo := request.ReturnTo
	returnTo.Host, returnTo.To = c.Visit.Host, web.ReturnAddress(returnTo.To)
	returnTo.Origin, returnTo.Base, returnTo.CookieHash = c.Visit.Origin, c.Visit.Base, cookieHash(secret)
	if !request.sealed {
		returnTo.Began = s.now().Unix()
	}
	// The flow must not expire long before the flow cookie does.
	if returnTo.olderThan(s.now(), flowLife/2) && returnTo.Fresh == 0 {
		returnTo.Began = s.now().Unix()
	}
	sealed, err := s.seal(SealFlow, returnTo)
	if err != nil {
		return err
	}
	c.SetCookie(web.CookieFlow, web.Secret64.EncodeToString(secret), flowLife)
	return c.Redirect(c.Visit.Site.PortalBase + page + "?flow=" + url.QueryEscape(sealed))
}

// flowCookie returns the secret of the browser's flow cookie, or a new one. All tabs share it; their flows differ.
func (s *flows) flowCookie(c *web.Call) ([]byte, error) {
	if m, ok := s.callers.browserCookie(c, web.CookieFlow); ok {
		return m, nil
	}
	return s.web.Secret(web.MarkBytes)
}

// browserCookie returns the secret in the device or flow cookie of that name.
func (s *callers) browserCookie(c *web.Call, name string) ([]byte, bool) {
	v, ok := web.TheCookie(c.Request, name, c.Visit.Secure)
	if !ok {
		return nil, false
	}
	m, err := web.Secret64.DecodeString(v)
	return m, err == nil && len(m) == web.MarkBytes
}

func cookieHash(secret []byte) []byte {
	h := sha256.Sum256(append([]byte("gatehouse mark "), secret...))
	return h[:]
}
