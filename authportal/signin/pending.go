package signin

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	pendingLife  = 10 * time.Minute
	pendingKept  = 4    // pending sign-ins of one browser, one per tab; the oldest is dropped first
	PendingBytes = 3800 // browsers limit a cookie to 4,096 with name and attributes
)

// pending is a pending sign-in. All those of a browser are in one sealed cookie: the server stores nothing for an
// unauthenticated visitor, and a pending sign-in is useless in another browser.
type pending struct {
	Token       string        `json:"i"`           // one per tab: the form field "step"
	Method      string        `json:"m,omitempty"` // of the next step; empty: a second factor is to be chosen
	Login       string        `json:"l,omitempty"`
	User        string        `json:"u,omitempty"`
	Version     int64         `json:"v,omitempty"` // of the account at the first proof
	Proofs      []store.Proof `json:"p,omitempty"`
	Creds       []credRef     `json:"c,omitempty"`
	NewPassword bool          `json:"n,omitempty"` // only a new password is missing
	Session     string        `json:"e,omitempty"` // the parent session of a step-up; must still be the browser's
	State       []byte        `json:"s,omitempty"`
	To          string        `json:"t,omitempty"` // a provider's answer cannot carry these
	Flow        string        `json:"f,omitempty"`
	Remember    bool          `json:"r,omitempty"`
	At          int64         `json:"a"`

	Purpose    method.Purpose `json:"o,omitempty"`
	Begun      bool           `json:"b,omitempty"` // Method has taken its first step
	AtProvider bool           `json:"w,omitempty"` // waits for the provider: only a callback continues it
	Challenged bool           `json:"h,omitempty"` // records that the browser was challenged; cannot be continued
}

// choosesFactor reports whether a second factor is requested after a first proof. Until it is proved, a different
// factor may be chosen.
func (p *pending) choosesFactor() bool { return len(p.Proofs) > 0 && !p.NewPassword }

// adds reports whether this adds something to the signed-in account.
func (p *pending) adds() bool { return p.Purpose == method.Link || p.Purpose == method.Enrol }

// next returns what to keep after a step of the method.
func (p *pending) next(method string, u *store.User, state []byte, input LoginInput) *pending {
	n := *p
	n.Method, n.State, n.To, n.Flow, n.Remember = method, state, input.To, input.Flow, input.Remember || p.Remember
	n.Begun, n.AtProvider = method != "", false
	if n.Login == "" {
		n.Login = problem.Bounded(input.Login, 256)
	}
	return &n
}

// allPending returns the browser's pending sign-ins, oldest first, including the changes of this call.
func (s *pendings) allPending(c *web.Call) []*pending {
	if kept, ok := c.Kept.([]*pending); ok {
		return slices.Clone(kept)
	}
	v, ok := web.TheCookie(c.Request, web.CookieSignIn, c.Visit.Secure)
	if !ok || len(v) > 2*PendingBytes {
		return nil
	}
	b, err := s.keys.Open(sealSignIn, v, []byte(c.Visit.Host))
	var list []*pending
	if err != nil || json.Unmarshal(b, &list) != nil {
		return nil
	}
	oldest := s.now().Add(-pendingLife).Unix()
	return slices.DeleteFunc(list, func(p *pending) bool { return p == nil || p.At <= oldest })
}

// findPending returns the browser's pending sign-in with that token, or nil.
func (s *pendings) findPending(c *web.Call, token string) *pending {
	for _, p := range s.allPending(c) {
		if p.Token == token {
			return p
		}
	}
	return nil
}

// pendingToken returns a new token for a pending sign-in.
func (s *pendings) pendingToken() (string, error) {
	b, err := s.web.Secret(9)
	if err != nil {
		return "", err
	}
	return web.Secret64.EncodeToString(b), nil
}

// keepStep keeps a pending sign-in under the token of its step, or a new one if that is empty.
func (s *pendings) keepStep(c *web.Call, p *pending, token string, away bool) (err error) {
	if token == "" {
		if token, err = s.pendingToken(); err != nil {
			return err
		}
	}
	p.AtProvider = away
	return s.keepAs(c, p, token)
}

// keepPending keeps a pending sign-in under a new token, which it returns.
func (s *pendings) keepPending(c *web.Call, p *pending) (string, error) {
	token, err := s.pendingToken()
	if err != nil {
		return "", err
	}
	return token, s.keepAs(c, p, token)
}

// keepAs puts a pending sign-in into the state cookie, replacing its earlier step. If it is too large, the return URL
// is dropped: the person then arrives at the account, signed in.
func (s *pendings) keepAs(c *web.Call, p *pending, token string) error {
	list := slices.DeleteFunc(s.allPending(c), func(o *pending) bool { return o.Token == p.Token || o.Token == token })
	p.Token, p.At = token, s.now().Unix()
	list = append(list, p)
	for {
		list = list[max(0, len(list)-pendingKept):]
		v, err := s.sealPending(c, list)
		switch {
		case err != nil:
			return err
		case len(v) <= PendingBytes:
			c.SetCookie(web.CookieSignIn, v, pendingLife)
			c.Kept = list
			return nil
		case len(list) > 1:
			list = list[1:]
		case p.To != "" || p.Flow != "":
			p.To, p.Flow = "", ""
		default:
			return problem.TooLarge
		}
	}
}

func (s *pendings) sealPending(c *web.Call, list []*pending) (string, error) {
	raw, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	return s.keys.Seal(sealSignIn, raw, []byte(c.Visit.Host))
}

// wasChallenged reports whether the browser was already challenged in the sign-in that p belongs to.
func (s *pendings) wasChallenged(c *web.Call, p *pending) bool {
	return slices.ContainsFunc(s.allPending(c), func(o *pending) bool {
		return o.Challenged && o.Method == p.Method && o.To == p.To && o.Flow == p.Flow
	})
}

// dropPending removes a pending sign-in that has ended.
func (s *pendings) dropPending(c *web.Call, token string) {
	list := slices.DeleteFunc(s.allPending(c), func(o *pending) bool { return o.Token == token })
	c.Kept = list
	if len(list) > 0 {
		if v, err := s.sealPending(c, list); err == nil {
			c.SetCookie(web.CookieSignIn, v, pendingLife)
			return
		}
	}
	c.SetCookie(web.CookieSignIn, "", -1)
}
