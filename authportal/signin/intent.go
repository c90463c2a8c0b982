package signin

import (
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// LoginRequest is the goal of one sign-in as this call knows it.
type LoginRequest struct {
	ReturnTo
	named      bool // the caller named an address, readable or not
	sealed     bool // we sealed it: Began and the demand are true
	viaPortal  bool // it belongs to another host, or to this one by way of a portal
	unreadable bool // an address was named that says nothing any more

	stepUp bool // it is a further proof of the session that the browser has, and cannot start another
}

// Intent reads where a sign-in shall lead, from `to` (a path, or the sealed value of a login page) or from `flow`. What
// cannot be read leads to the account: sign-in stays possible, and nobody is sent anywhere by a forged value.
func (s *flows) ParseLoginRequest(c *web.Call, to, flow string) *LoginRequest {
	request := &LoginRequest{named: to != "" || flow != ""}
	now := s.now()
	switch {
	case flow != "":
		// Only a portal hands people over to other hosts.
		request.sealed = c.Visit.Site.Portal && s.Unseal(SealFlow, flow, &request.ReturnTo) && !request.olderThan(now, toLife) && request.Origin != ""
		request.viaPortal = request.sealed
	case strings.HasPrefix(to, "/"):
		request.To = web.ReturnAddress(to)
		request.Began = now.Unix()
		return request
	case to != "":
		// A value sealed for another host leads nowhere here.
		request.sealed = s.Unseal(SealTo, to, &request.ReturnTo) && !request.olderThan(now, toLife) && request.Host == c.Visit.Host
	}
	if !request.sealed {
		request.ReturnTo = ReturnTo{Began: now.Unix()}
		request.unreadable = request.named
		return request
	}
	request.To = web.ReturnAddress(request.To)
	return request
}

// satisfied reports whether a session is all that the goal asks for. A gate seals `fresh` only when it found the session
// too old, so no proof from before that counts, whatever two clocks say: else gate and portal could send a browser back and
// forth for ever.
func (request *LoginRequest) satisfiedBy(p *flows, active *store.ActiveSession) bool {
	demand := request.Demand()
	if !p.callers.Meets(&active.Session, demand) {
		return false
	}
	return demand.Fresh <= 0 || !lastProof(active.Session.Proofs).Before(time.Unix(request.Began, 0))
}

// landing is where a sign-in for this host ends.
func (request *LoginRequest) landingURL(c *web.Call) string {
	if request.To == "" || request.unreadable {
		return c.Link("/account")
	}
	return web.ReturnAddress(request.To)
}

// here reports whether the goal's host shares the session of this one: a cookie belongs to a host name of one scheme,
// whatever the port.
func (request *LoginRequest) sharesCookie(v *web.Visit) bool {
	return !request.viaPortal || (request.Host == v.Host && strings.HasPrefix(request.Origin, "https:") == v.Secure)
}
