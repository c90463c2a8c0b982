package authportal

import (
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// intent is the goal of one sign-in as this call knows it.
type intent struct {
	goal
	given  bool // the caller named an address, readable or not
	sealed bool // we sealed it: Began and the demand are true
	flow   bool // it belongs to another host, or to this one by way of a portal
	lost   bool // an address was named that says nothing any more

	further bool // it is a further proof of the session that the browser has, and cannot start another
}

// intent reads where a sign-in shall lead, from `to` (a path, or the sealed value of a login page) or from `flow`. What
// cannot be read leads to the account: sign-in stays possible, and nobody is sent anywhere by a forged value.
func (c *call) intent(to, flow string) *intent {
	in := &intent{given: to != "" || flow != ""}
	now := c.p.now()
	switch {
	case flow != "":
		// Only a portal hands people over to other hosts.
		in.sealed = c.v.Site.Portal && c.p.unseal(sealFlow, flow, &in.goal) && !in.old(now, toLife) && in.Origin != ""
		in.flow = in.sealed
	case strings.HasPrefix(to, "/"):
		in.To = returnAddress(to)
		in.Began = now.Unix()
		return in
	case to != "":
		// A value sealed for another host leads nowhere here.
		in.sealed = c.p.unseal(sealTo, to, &in.goal) && !in.old(now, toLife) && in.Host == c.v.Host
	}
	if !in.sealed {
		in.goal = goal{Began: now.Unix()}
		in.lost = in.given
		return in
	}
	in.To = returnAddress(in.To)
	return in
}

// satisfied tells whether a session is all that the goal asks for. A gate seals `fresh` only when it found the session
// too old, so no proof from before that counts, whatever two clocks say: else gate and portal could send a browser back and
// forth for ever.
func (in *intent) satisfied(p *Portal, l *store.ActiveSession) bool {
	d := in.demand()
	if !p.Meets(&l.Session, d) {
		return false
	}
	return d.Fresh <= 0 || !lastProof(l.Session.Proofs).Before(time.Unix(in.Began, 0))
}

// landing is where a sign-in for this host ends.
func (in *intent) landing(c *call) string {
	if in.To == "" || in.lost {
		return c.link("/account")
	}
	return returnAddress(in.To)
}

// here tells whether the goal's host shares the session of this one: a cookie belongs to a host name of one scheme,
// whatever the port.
func (in *intent) here(v *Visit) bool {
	return !in.flow || (in.Host == v.Host && strings.HasPrefix(in.Origin, "https:") == v.Secure)
}
