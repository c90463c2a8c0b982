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
	given  bool // the caller named an address, readable or not
	sealed bool // we sealed it: Began and the demand are true
	flow   bool // it belongs to another host, or to this one by way of a portal
	lost   bool // an address was named that says nothing any more

	further bool // it is a further proof of the session that the browser has, and cannot start another
}

// Intent reads where a sign-in shall lead, from `to` (a path, or the sealed value of a login page) or from `flow`. What
// cannot be read leads to the account: sign-in stays possible, and nobody is sent anywhere by a forged value.
func (s *flows) Intent(c *web.Call, to, flow string) *LoginRequest {
	in := &LoginRequest{given: to != "" || flow != ""}
	now := s.now()
	switch {
	case flow != "":
		// Only a portal hands people over to other hosts.
		in.sealed = c.Visit.Site.Portal && s.Unseal(SealFlow, flow, &in.ReturnTo) && !in.old(now, toLife) && in.Origin != ""
		in.flow = in.sealed
	case strings.HasPrefix(to, "/"):
		in.To = web.ReturnAddress(to)
		in.Began = now.Unix()
		return in
	case to != "":
		// A value sealed for another host leads nowhere here.
		in.sealed = s.Unseal(SealTo, to, &in.ReturnTo) && !in.old(now, toLife) && in.Host == c.Visit.Host
	}
	if !in.sealed {
		in.ReturnTo = ReturnTo{Began: now.Unix()}
		in.lost = in.given
		return in
	}
	in.To = web.ReturnAddress(in.To)
	return in
}

// satisfied reports whether a session is all that the goal asks for. A gate seals `fresh` only when it found the session
// too old, so no proof from before that counts, whatever two clocks say: else gate and portal could send a browser back and
// forth for ever.
func (in *LoginRequest) satisfied(p *flows, l *store.ActiveSession) bool {
	d := in.Demand()
	if !p.callers.Meets(&l.Session, d) {
		return false
	}
	return d.Fresh <= 0 || !lastProof(l.Session.Proofs).Before(time.Unix(in.Began, 0))
}

// landing is where a sign-in for this host ends.
func (in *LoginRequest) landing(c *web.Call) string {
	if in.To == "" || in.lost {
		return c.Link("/account")
	}
	return web.ReturnAddress(in.To)
}

// here reports whether the goal's host shares the session of this one: a cookie belongs to a host name of one scheme,
// whatever the port.
func (in *LoginRequest) here(v *web.Visit) bool {
	return !in.flow || (in.Host == v.Host && strings.HasPrefix(in.Origin, "https:") == v.Secure)
}
