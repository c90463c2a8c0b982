package signin

import (
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// LoginRequest is what a sign-in is for: its return URL and the demand behind it.
type LoginRequest struct {
	ReturnTo
	named      bool // the caller sent a return URL, readable or not
	sealed     bool // the value was sealed here: Began and the demand can be trusted
	viaPortal  bool // a flow that another host began, or this one through a portal
	unreadable bool // the return URL was forged, expired or for another host

	stepUp bool // a further proof of the browser's session; it cannot start another
}

// ParseLoginRequest reads `to` (a path, or the sealed value of a login page) or `flow`. An unreadable value leads to
// the account: signing in stays possible, and a forged value redirects to nowhere else.
func (s *flows) ParseLoginRequest(c *web.Call, to, flow string) *LoginRequest {
	request := &LoginRequest{named: to != "" || flow != ""}
	now := s.now()
	switch {
	case flow != "":
		// Only a portal hands off to other hosts.
		request.sealed = c.Visit.Site.Portal && s.Unseal(SealFlow, flow, &request.ReturnTo) &&
			!request.olderThan(now, toLife) && request.Origin != ""
		request.viaPortal = request.sealed
	case strings.HasPrefix(to, "/"):
		request.To = web.ReturnAddress(to)
		request.Began = now.Unix()
		return request
	case to != "":
		// A value sealed for another host is void here.
		request.sealed = s.Unseal(SealTo, to, &request.ReturnTo) &&
			!request.olderThan(now, toLife) && request.Host == c.Visit.Host
	}
	if !request.sealed {
		request.ReturnTo = ReturnTo{Began: now.Unix()}
		request.unreadable = request.named
		return request
	}
	request.To = web.ReturnAddress(request.To)
	return request
}

// satisfiedBy reports whether a session meets the demand. A gate demands `fresh` only if it found the session too old,
// so no proof from before the request counts, even if clocks disagree: otherwise gate and portal could redirect
// forever.
func (r *LoginRequest) satisfiedBy(p *flows, active *store.ActiveSession) bool {
	demand := r.Demand()
	if !p.callers.Meets(&active.Session, demand) {
		return false
	}
	return demand.Fresh <= 0 || !lastProof(active.Session.Proofs).Before(time.Unix(r.Began, 0))
}

// landingURL is where a sign-in for this host ends.
func (r *LoginRequest) landingURL(c *web.Call) string {
	if r.To == "" || r.unreadable {
		return c.Link("/account")
	}
	return web.ReturnAddress(r.To)
}

// sharesCookie reports whether the request's host uses the same session cookie as this visit: cookies belong to a host
// name and scheme, whatever the port.
func (r *LoginRequest) sharesCookie(v *web.Visit) bool {
	return !r.viaPortal || (r.Host == v.Host && strings.HasPrefix(r.Origin, "https:") == v.Secure)
}
