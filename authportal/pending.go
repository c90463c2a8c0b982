package authportal

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	pendingLife  = 10 * time.Minute
	pendingKept  = 4    // sign-ins in progress of one browser, in as many tabs; the oldest goes first
	pendingBytes = 3800 // what browsers take in one cookie is 4,096, name and attributes included
)

// pending is a sign-in in progress. All of a browser's lie in one sealed cookie of its own; the server keeps nothing
// for somebody who has not yet proven who they are, and a half-finished sign-in is worth nothing in another browser.
type pending struct {
	Token    string        `json:"i"`           // tells tabs apart: the form field "step"
	Method   string        `json:"m,omitempty"` // whose next step it is; empty: the person chooses a second factor
	Login    string        `json:"l,omitempty"`
	User     string        `json:"u,omitempty"`
	Version  int64         `json:"v,omitempty"` // of the account at its first proof
	Proofs   []store.Proof `json:"p,omitempty"`
	Creds    []credRef     `json:"c,omitempty"`
	Choose   bool          `json:"n,omitempty"` // nothing is missing but a new password
	Session  string        `json:"e,omitempty"` // the sign-in that is being proven further; it must still be the browser's
	State    []byte        `json:"s,omitempty"`
	To       string        `json:"t,omitempty"` // for answers that come back from a provider and cannot carry them
	Flow     string        `json:"f,omitempty"`
	Remember bool          `json:"r,omitempty"`
	At       int64         `json:"a"`

	Purpose    method.Purpose `json:"o,omitempty"`
	Begun      bool           `json:"b,omitempty"` // Method has taken its first step
	Away       bool           `json:"w,omitempty"` // its provider has the next word: only a callback continues it
	Challenged bool           `json:"h,omitempty"` // notes a challenge of the browser; it cannot be continued
}

// choosesFactor reports whether a first proof is there and a second factor is asked for; another than the one that was
// begun may still be chosen.
func (p *pending) choosesFactor() bool { return len(p.Proofs) > 0 && !p.Choose }

// adds reports whether something is added to the account that is signed in.
func (p *pending) adds() bool { return p.Purpose == method.Link || p.Purpose == method.Enrol }

// next returns what to keep after a step of the method.
func (p *pending) next(method string, u *store.User, state []byte, t try) *pending {
	n := *p
	n.Method, n.State, n.To, n.Flow, n.Remember = method, state, t.To, t.Flow, t.Remember || p.Remember
	n.Begun, n.Away = method != "", false
	if n.Login == "" {
		n.Login = bounded(t.Login, 256)
	}
	return &n
}

// allPending returns the sign-ins in progress of this browser, the oldest first, as this call has left them.
func (c *call) allPending() []*pending {
	if kept, ok := c.kept.([]*pending); ok {
		return slices.Clone(kept)
	}
	v, ok := theCookie(c.r, cookieSignIn, c.v.Secure)
	if !ok || len(v) > 2*pendingBytes {
		return nil
	}
	b, err := c.p.keys.Open(sealSignIn, v, []byte(c.v.Host))
	var list []*pending
	if err != nil || json.Unmarshal(b, &list) != nil {
		return nil
	}
	oldest := c.p.now().Add(-pendingLife).Unix()
	return slices.DeleteFunc(list, func(p *pending) bool { return p == nil || p.At <= oldest })
}

// openPending returns the sign-in in progress of that token, nil where this browser has none.
func (c *call) openPending(token string) *pending {
	for _, p := range c.allPending() {
		if p.Token == token {
			return p
		}
	}
	return nil
}

// pendingToken returns a token for a sign-in in progress.
func (p *Portal) pendingToken() (string, error) {
	b, err := p.secret(9)
	if err != nil {
		return "", err
	}
	return secret64.EncodeToString(b), nil
}

// keepStep keeps a sign-in under the token that its step was given; an empty one is drawn.
func (c *call) keepStep(p *pending, token string, away bool) (err error) {
	if token == "" {
		if token, err = c.p.pendingToken(); err != nil {
			return err
		}
	}
	p.Away = away
	return c.keepAs(p, token)
}

// keepPending puts a sign-in in progress into the browser's cookie, under a token that it returns.
func (c *call) keepPending(p *pending) (string, error) {
	token, err := c.p.pendingToken()
	if err != nil {
		return "", err
	}
	return token, c.keepAs(p, token)
}

// keepAs puts a sign-in in progress into the browser's cookie in the place of what it was before. One that is too large
// forgets where it leads: one who is led to the account is still signed in.
func (c *call) keepAs(p *pending, token string) error {
	list := slices.DeleteFunc(c.allPending(), func(o *pending) bool { return o.Token == p.Token || o.Token == token })
	p.Token, p.At = token, c.p.now().Unix()
	list = append(list, p)
	for {
		list = list[max(0, len(list)-pendingKept):]
		v, err := c.sealPending(list)
		switch {
		case err != nil:
			return err
		case len(v) <= pendingBytes:
			c.setCookie(cookieSignIn, v, pendingLife)
			c.kept = list
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

func (c *call) sealPending(list []*pending) (string, error) {
	raw, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	return c.p.keys.Seal(sealSignIn, raw, []byte(c.v.Host))
}

// wasChallenged reports whether this browser was challenged before in the sign-in that p is part of.
func (c *call) wasChallenged(p *pending) bool {
	return slices.ContainsFunc(c.allPending(), func(o *pending) bool {
		return o.Challenged && o.Method == p.Method && o.To == p.To && o.Flow == p.Flow
	})
}

// dropPending forgets one that has ended.
func (c *call) dropPending(token string) {
	list := slices.DeleteFunc(c.allPending(), func(o *pending) bool { return o.Token == token })
	c.kept = list
	if len(list) > 0 {
		if v, err := c.sealPending(list); err == nil {
			c.setCookie(cookieSignIn, v, pendingLife)
			return
		}
	}
	c.setCookie(cookieSignIn, "", -1)
}
