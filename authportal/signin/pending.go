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
	pendingKept  = 4    // sign-ins in progress of one browser, in as many tabs; the oldest goes first
	PendingBytes = 3800 // what browsers take in one cookie is 4,096, name and attributes included
)

// pending is a sign-in in progress. All of a browser's lie in one sealed cookie of its own; the server keeps nothing
// for somebody who has not yet proven who they are, and a half-finished sign-in is worth nothing in another browser.
type pending struct {
	Token       string        `json:"i"`           // tells tabs apart: the form field "step"
	Method      string        `json:"m,omitempty"` // whose next step it is; empty: the person chooses a second factor
	Login       string        `json:"l,omitempty"`
	User        string        `json:"u,omitempty"`
	Version     int64         `json:"v,omitempty"` // of the account at its first proof
	Proofs      []store.Proof `json:"p,omitempty"`
	Creds       []credRef     `json:"c,omitempty"`
	NewPassword bool          `json:"n,omitempty"` // nothing is missing but a new password
	Session     string        `json:"e,omitempty"` // the sign-in that is being proven further; it must still be the browser's
	State       []byte        `json:"s,omitempty"`
	To          string        `json:"t,omitempty"` // for answers that come back from a provider and cannot carry them
	Flow        string        `json:"f,omitempty"`
	Remember    bool          `json:"r,omitempty"`
	At          int64         `json:"a"`

	Purpose    method.Purpose `json:"o,omitempty"`
	Begun      bool           `json:"b,omitempty"` // Method has taken its first step
	AtProvider bool           `json:"w,omitempty"` // its provider has the next word: only a callback continues it
	Challenged bool           `json:"h,omitempty"` // notes a challenge of the browser; it cannot be continued
}

// choosesFactor reports whether a first proof is there and a second factor is asked for; another than the one that was
// begun may still be chosen.
func (p *pending) choosesFactor() bool { return len(p.Proofs) > 0 && !p.NewPassword }

// adds reports whether something is added to the account that is signed in.
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

// allPending returns the sign-ins in progress of this browser, the oldest first, as this call has left them.
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

// openPending returns the sign-in in progress of that token, nil where this browser has none.
func (s *pendings) findPending(c *web.Call, token string) *pending {
	for _, p := range s.allPending(c) {
		if p.Token == token {
			return p
		}
	}
	return nil
}

// pendingToken returns a token for a sign-in in progress.
func (s *pendings) pendingToken() (string, error) {
	b, err := s.web.Secret(9)
	if err != nil {
		return "", err
	}
	return web.Secret64.EncodeToString(b), nil
}

// keepStep keeps a sign-in under the token that its step was given; an empty one is drawn.
func (s *pendings) keepStep(c *web.Call, p *pending, token string, away bool) (err error) {
	if token == "" {
		if token, err = s.pendingToken(); err != nil {
			return err
		}
	}
	p.AtProvider = away
	return s.keepAs(c, p, token)
}

// keepPending puts a sign-in in progress into the browser's cookie, under a token that it returns.
func (s *pendings) keepPending(c *web.Call, p *pending) (string, error) {
	token, err := s.pendingToken()
	if err != nil {
		return "", err
	}
	return token, s.keepAs(c, p, token)
}

// keepAs puts a sign-in in progress into the browser's cookie in the place of what it was before. One that is too large
// forgets where it leads: one who is led to the account is still signed in.
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

// wasChallenged reports whether this browser was challenged before in the sign-in that p is part of.
func (s *pendings) wasChallenged(c *web.Call, p *pending) bool {
	return slices.ContainsFunc(s.allPending(c), func(o *pending) bool {
		return o.Challenged && o.Method == p.Method && o.To == p.To && o.Flow == p.Flow
	})
}

// dropPending forgets one that has ended.
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
