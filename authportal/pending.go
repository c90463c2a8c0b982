package authportal

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	pendingLife  = 10 * time.Minute
	pendingKept  = 4    // sign-ins in progress of one browser, in as many tabs; the oldest goes first
	pendingBytes = 3800 // what browsers take in one cookie is 4,096, name and attributes included
)

// pending is a sign-in in progress. All of a browser's lie in one sealed cookie of its own; the server keeps nothing for
// somebody who has not yet proven who they are, and a half-finished sign-in is worth nothing in another browser.
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
}

// next returns what to keep after a step of the method.
func (p *pending) next(method string, u *store.User, state []byte, t try) *pending {
	n := *p
	n.Method, n.State, n.To, n.Flow, n.Remember = method, state, t.To, t.Flow, t.Remember || p.Remember
	if n.Login == "" {
		n.Login = bounded(t.Login, 256)
	}
	return &n
}

func (c *call) allPending() []*pending {
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

// keepPending puts a sign-in in progress into the browser's cookie and returns its token.
func (c *call) keepPending(p *pending) (string, error) {
	b, err := c.p.secret(9)
	if err != nil {
		return "", err
	}
	list := slices.DeleteFunc(c.allPending(), func(o *pending) bool { return o.Token == p.Token })
	p.Token, p.At = secret64.EncodeToString(b), c.p.now().Unix()
	list = append(list, p)
	for {
		if len(list) > pendingKept {
			list = list[1:]
			continue
		}
		raw, err := json.Marshal(list)
		if err != nil {
			return "", err
		}
		v, err := c.p.keys.Seal(sealSignIn, raw, []byte(c.v.Host))
		if err != nil {
			return "", err
		}
		if len(v) > pendingBytes && len(list) > 1 {
			list = list[1:]
			continue
		}
		if len(v) > pendingBytes {
			return "", problem.TooLarge
		}
		c.setCookie(cookieSignIn, v, pendingLife)
		return p.Token, nil
	}
}

// dropPending forgets one that has ended.
func (c *call) dropPending(token string) {
	list := slices.DeleteFunc(c.allPending(), func(o *pending) bool { return o.Token == token })
	raw, err := json.Marshal(list)
	if err == nil && len(list) > 0 {
		if v, err := c.p.keys.Seal(sealSignIn, raw, []byte(c.v.Host)); err == nil {
			c.setCookie(cookieSignIn, v, pendingLife)
			return
		}
	}
	c.setCookie(cookieSignIn, "", -1)
}
