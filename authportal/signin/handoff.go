package signin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	ticketHandoff = "handoff"
	codeLife      = time.Minute
)

// handoff is the payload of the ticket behind a code.
type handoff struct {
	Parent string `json:"s"` // public id of the parent session
	User   string `json:"u"`
	Host   string `json:"h"`
	Proven bool   `json:"x,omitempty"` // a proof was given in this flow, so the host's session gets a new secret
}

// Code travels through the browser. It holds the key to the ticket and everything that can be verified before the
// ticket is taken, so that a stolen or misdirected code is neither useful nor used up.
type Code struct {
	ReturnTo
	Secret []byte `json:"s"`
}

// nextURL returns where a signed-in browser goes: to the return URL on this host, or to another host's callback with a
// code that opens a session there.
func (s *flows) nextURL(c *web.Call, active *store.ActiveSession, request *LoginRequest, proven bool) (string, error) {
	switch {
	case !request.viaPortal:
		return request.landingURL(c), nil
	case request.sharesCookie(c.Visit):
		if request.Origin == c.Visit.Origin {
			return web.ReturnAddress(request.To), nil
		}
		return request.Origin + web.ReturnAddress(request.To), nil
	case request.olderThan(s.now(), flowLife):
		// The flow cookie has expired. The flow restarts at the app, and needs no second sign-in.
		return s.restart(c, request.ReturnTo)
	}
	secret, err := s.web.Secret(web.SecretBytes)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(handoff{Parent: active.Session.RootID(), User: active.Session.UserID,
		Host: request.Host, Proven: proven})
	if err != nil {
		return "", fmt.Errorf("handing off to %s: %w", request.Host, err)
	}
	sealed, err := s.seal(SealCode, Code{ReturnTo: request.ReturnTo, Secret: secret})
	if err != nil {
		return "", err
	}
	until := s.now().Add(codeLife)
	if err := s.sessions.PutTicket(c.Ctx(), ticketHandoff, store.KeyOf(secret), payload, until); err != nil {
		return "", fmt.Errorf("handing off to %s: %w", request.Host, err)
	}
	return request.Origin + request.Base + "/callback?code=" + url.QueryEscape(sealed), nil
}

// restart returns the address at which a sign-in starts again, once. A second failure in a row has a lasting cause,
// such as blocked cookies or clocks that disagree, and a third attempt would loop.
func (s *flows) restart(c *web.Call, returnTo ReturnTo) (string, error) {
	if returnTo.Again > 0 {
		return "", problem.SignInBroken
	}
	v := &web.Visit{Host: returnTo.Host, Site: c.Visit.Site}
	return s.loginURL(v, returnTo.Origin+returnTo.Base+"/login",
		ReturnTo{To: returnTo.To, MFA: returnTo.MFA, Fresh: returnTo.Fresh, Again: returnTo.Again + 1}), nil
}

// redeem takes the ticket of a code whose host and browser were verified.
func (s *flows) redeem(c *web.Call, code *Code) (*handoff, error) {
	payload, err := s.sessions.TakeTicket(c.Ctx(), ticketHandoff, store.KeyOf(code.Secret))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("redeeming the hand-off: %w", err)
	}
	h := &handoff{}
	if err := json.Unmarshal(payload, h); err != nil {
		return nil, fmt.Errorf("reading the hand-off: %w", err)
	}
	if h.Host != c.Visit.Host {
		return nil, nil
	}
	return h, nil
}
