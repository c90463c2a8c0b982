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

// handoff is what the ticket of a code holds.
type handoff struct {
	Parent string `json:"s"` // public id of the sign-in
	User   string `json:"u"`
	Host   string `json:"h"`
	Proven bool   `json:"x,omitempty"` // a proof was given in this flow: the host's session needs a new secret too
}

// Code is what travels through the browser: the key to the ticket, and all that can be checked before it is taken, so
// that a stolen or misled code is neither of use nor used up.
type Code struct {
	ReturnTo
	Secret []byte `json:"s"`
}

// onward returns where a browser goes that is signed in here: back to the page it came from, on this host, or on another
// with a code that opens a session there.
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
		// The browser's mark is gone by now; the way back begins once more at the app, and needs no second sign-in.
		return s.restart(c, request.ReturnTo)
	}
	secret, err := s.web.Secret(web.SecretBytes)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(handoff{Parent: active.Session.RootID(), User: active.Session.UserID, Host: request.Host, Proven: proven})
	if err != nil {
		return "", fmt.Errorf("handing over to %s: %w", request.Host, err)
	}
	sealed, err := s.seal(SealCode, Code{ReturnTo: request.ReturnTo, Secret: secret})
	if err != nil {
		return "", err
	}
	if err := s.sessions.PutTicket(c.Ctx(), ticketHandoff, store.KeyOf(secret), payload, s.now().Add(codeLife)); err != nil {
		return "", fmt.Errorf("handing over to %s: %w", request.Host, err)
	}
	return request.Origin + request.Base + "/callback?code=" + url.QueryEscape(sealed), nil
}

// anew returns the address at which a sign-in starts once more for the goal. It does so once: what fails twice in a row
// fails for a reason (cookies blocked, clocks apart) that a third try would turn into a circle.
func (s *flows) restart(c *web.Call, returnTo ReturnTo) (string, error) {
	if returnTo.Again > 0 {
		return "", problem.SignInBroken
	}
	v := &web.Visit{Host: returnTo.Host, Site: c.Visit.Site}
	return s.loginURL(v, returnTo.Origin+returnTo.Base+"/login", ReturnTo{To: returnTo.To, MFA: returnTo.MFA, Fresh: returnTo.Fresh, Again: returnTo.Again + 1}), nil
}

// redeem takes the ticket of a code that was checked for host and browser.
func (s *flows) redeem(c *web.Call, code *Code) (*handoff, error) {
	payload, err := s.sessions.TakeTicket(c.Ctx(), ticketHandoff, store.KeyOf(code.Secret))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("taking the hand-off: %w", err)
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
