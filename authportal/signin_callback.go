package authportal

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Answers of providers. One that comes by GET brings the browser's cookie along and is judged at once. One that
// another site posts comes without it (SameSite=Lax): it is bounded, kept for a minute under a ticket, and judged at
// the address that the browser is then led to. The post itself binds nothing to anybody.

const (
	postedLife    = time.Minute
	maxPosted     = 256 << 10 // an assertion with many groups
	ticketPosted  = "provider answer"
	maxStateField = 512
)

// postedAnswers bounds how much other sites may have us keep, by address of the browser.
var postedAnswers = Limit{Count: 60, Window: 15 * time.Minute}

// providerRoutes are the callbacks of the configured methods, and the addresses that they need beside these.
func (p *Portal) providerRoutes() (list []route) {
	for i := range p.methods {
		m := &p.methods[i]
		if _, form := m.Method.(method.LoginNamer); form || mailProof(m) != nil {
			continue
		}
		callback := "/callback/" + m.Name
		list = append(list, route{method: http.MethodGet, path: callback, secret: true, do: func(c *call) error {
			return c.providerAnswer(m, c.r.URL.Query())
		}})
		ability, _ := m.Method.(method.Endpoints)
		if ability == nil {
			continue
		}
		for _, e := range ability.Endpoints() {
			list = append(list, p.endpointRoutes(m, e, callback)...)
		}
	}
	return list
}

func (p *Portal) endpointRoutes(m *method.Configured, e method.Endpoint, callback string) (list []route) {
	switch {
	case e.Document != nil:
		return []route{{method: http.MethodGet, path: e.Path, do: func(c *call) error { return c.document(m, e) }}}
	case e.Path != callback:
		list = append(list, route{method: http.MethodGet, path: e.Path, secret: true, do: func(c *call) error {
			return c.providerAnswer(m, c.r.URL.Query())
		}})
	}
	if e.Post {
		list = append(list, route{method: http.MethodPost, path: e.Path, secret: true, crossSite: true, do: func(c *call) error {
			return c.keepPosted(m, e.Path)
		}}, route{method: http.MethodGet, path: e.Path + "/continue", secret: true, do: func(c *call) error {
			return c.continuePosted(m)
		}})
	}
	return list
}

// checkEndpoints holds the addresses of a method to those that are its own.
func checkEndpoints(m *method.Configured) error {
	ability, ok := m.Method.(method.Endpoints)
	if !ok {
		return nil
	}
	for _, e := range ability.Endpoints() {
		rest, own := strings.CutPrefix(e.Path, "/"+m.Method.Kind()+"/"+m.Name+"/")
		if e.Path != "/callback/"+m.Name && (!own || rest == "" || strings.ContainsAny(rest, "/{}?#%")) {
			return fmt.Errorf("building the portal: login %s claims the address %q, which is not its own", m.Name, e.Path)
		}
	}
	return nil
}

// document answers with metadata of a method, the same for everybody.
func (c *call) document(m *method.Configured, e method.Endpoint) error {
	body, mediaType, err := e.Document(c.ctx(), c.v.Origin+c.v.Base)
	if err != nil {
		return fmt.Errorf("describing %s: %w", m.Name, err)
	}
	c.w.Header().Set("Content-Type", mediaType)
	_, _ = c.w.Write(body)
	return nil
}

// stateToken returns the token of a sign-in that a provider's answer carries.
func stateToken(q url.Values) string {
	for _, name := range []string{"state", "RelayState"} {
		if v := q.Get(name); v != "" && len(v) <= maxStateField {
			token, _, _ := strings.Cut(v, ".")
			return token
		}
	}
	return ""
}

// providerAnswer goes on with the sign-in that an answer belongs to: one that this browser began, by this method, and
// that waits for it. Anything else is somebody else's, or was used before.
func (c *call) providerAnswer(m *method.Configured, q url.Values) error {
	if err := c.mustHTTPS(); err != nil {
		return err
	}
	pend := c.openPending(stateToken(q))
	if pend == nil || !pend.Away || pend.Method != m.Name {
		if _, err := c.guess(""); err != nil {
			return c.loginAnswer(try{}, nil, err)
		}
		c.refused(nil, m.Name, "an answer to no sign-in of this browser")
		return c.loginAnswer(try{}, nil, problem.StepExpired)
	}
	t := try{Method: m.Name, Step: pend.Token, To: pend.To, Flow: pend.Flow, Remember: pend.Remember,
		Answers: true, Query: q}
	in := c.intent(t.To, t.Flow)
	err := c.continues(pend, in)
	var out *outcome
	if err == nil {
		out, err = c.goOn(t, pend, in)
	}
	return c.loginAnswer(t, out, err)
}

// posted is an answer that waits for the browser's own request.
type posted struct {
	Method string     `json:"m"`
	Host   string     `json:"h"`
	Values url.Values `json:"v"`
}

// keepPosted takes what another site posts.
func (c *call) keepPosted(m *method.Configured, path string) error {
	if err := c.mustHTTPS(); err != nil {
		return err
	}
	values, err := c.postedForm()
	if err != nil {
		return err
	}
	if stateToken(values) == "" {
		return problem.Malformed
	}
	if err := (&guess{c: c, p: c.p}).count(ticketPosted, addressBlock(c.v.Addr), postedAnswers); err != nil {
		return err
	}
	payload, err := json.Marshal(posted{Method: m.Name, Host: c.v.Host, Values: values})
	if err != nil {
		return err
	}
	secret, err := c.p.secret(secretBytes)
	if err != nil {
		return err
	}
	until := c.p.now().Add(postedLife)
	if err := c.p.sessions.PutTicket(c.ctx(), ticketPosted, store.KeyOf(secret), payload, until); err != nil {
		return fmt.Errorf("keeping an answer of %s: %w", m.Name, err)
	}
	return c.redirect(c.link(path) + "/continue?ticket=" + secret64.EncodeToString(secret))
}

// postedForm reads a form that comes from another site.
func (c *call) postedForm() (url.Values, error) {
	if t, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		p := *problem.Malformed
		p.Status = http.StatusUnsupportedMediaType
		return nil, &p
	}
	if c.r.ContentLength > maxPosted {
		return nil, problem.TooLarge
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxPosted)
	if err := c.r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, problem.TooLarge
		}
		return nil, problem.Malformed
	}
	return c.r.PostForm, nil
}

// continuePosted judges what another site posted, now that the browser's cookie is here.
func (c *call) continuePosted(m *method.Configured) error {
	secret, err := secret64.DecodeString(c.r.URL.Query().Get("ticket"))
	if err != nil || len(secret) != secretBytes {
		return c.providerAnswer(m, nil)
	}
	raw, err := c.p.sessions.TakeTicket(c.ctx(), ticketPosted, store.KeyOf(secret))
	if errors.Is(err, store.ErrNotFound) {
		return c.providerAnswer(m, nil)
	} else if err != nil {
		return fmt.Errorf("taking an answer of %s: %w", m.Name, err)
	}
	var kept posted
	if json.Unmarshal(raw, &kept) != nil || kept.Method != m.Name || kept.Host != c.v.Host {
		return c.providerAnswer(m, nil)
	}
	return c.providerAnswer(m, kept.Values)
}

// secretPaths are the addresses that hold a one-time secret in their query.
func (rt routes) secret(path string) bool {
	return slices.ContainsFunc(rt[routeKey(path)], func(r route) bool {
		if !r.secret {
			return false
		}
		_, ok := matches(r.path, path)
		return ok
	})
}
