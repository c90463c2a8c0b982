package signin

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Answers of providers. A GET carries the browser's cookie and is processed at once. A POST from another site comes
// without the cookie (SameSite=Lax): its size is limited, it is kept for a minute under a ticket, and it is processed
// at the address to which the browser is then redirected. The POST itself binds nothing to any browser.

const (
	postedLife    = time.Minute
	MaxPosted     = 256 << 10 // an assertion with many groups
	ticketPosted  = "provider answer"
	MaxStateField = 512
)

// PostedAnswers limits, by network address, how much other sites can make us store.
var PostedAnswers = settings.Limit{Count: 60, Window: 15 * time.Minute}

// providerRoutes returns the callbacks of the configured methods and their other endpoints.
func (s *forms) providerRoutes() (list []web.Route) {
	for i := range s.methods {
		m := &s.methods[i]
		if _, form := m.Method.(method.LoginNamer); form || MailProof(m) != nil {
			continue
		}
		callback := "/callback/" + m.Name
		list = append(list, web.Route{Method: http.MethodGet, Path: callback, Secret: true,
			Do: func(c *web.Call) error { return s.providerAnswer(c, m, c.Request.URL.Query()) }})
		ability, _ := m.Method.(method.Endpoints)
		if ability == nil {
			continue
		}
		for _, e := range ability.Endpoints() {
			list = append(list, s.endpointRoutes(m, e, callback)...)
		}
	}
	return list
}

func (s *forms) endpointRoutes(m *method.Configured, e method.Endpoint, callback string) (list []web.Route) {
	switch {
	case e.Document != nil:
		return []web.Route{{Method: http.MethodGet, Path: e.Path,
			Do: func(c *web.Call) error { return s.document(c, m, e) }}}
	case e.Path != callback:
		list = append(list, web.Route{Method: http.MethodGet, Path: e.Path, Secret: true, Do: func(c *web.Call) error {
			return s.providerAnswer(c, m, c.Request.URL.Query())
		}})
	}
	if e.Post {
		list = append(list, web.Route{Method: http.MethodPost, Path: e.Path, Secret: true, CrossSite: true,
			Do: func(c *web.Call) error { return s.keepPosted(c, m, e.Path) }})
		list = append(list, web.Route{Method: http.MethodGet, Path: e.Path + "/continue", Secret: true,
			Do: func(c *web.Call) error { return s.continuePosted(c, m) }})
	}
	return list
}

// CheckEndpoints reports an error if a method claims an address outside its own paths.
func CheckEndpoints(m *method.Configured) error {
	ability, ok := m.Method.(method.Endpoints)
	if !ok {
		return nil
	}
	for _, e := range ability.Endpoints() {
		rest, own := strings.CutPrefix(e.Path, "/"+m.Method.Kind()+"/"+m.Name+"/")
		if e.Path != "/callback/"+m.Name && (!own || rest == "" || strings.ContainsAny(rest, "/{}?#%")) {
			return fmt.Errorf("building the portal: login %s claims the address %q, which is not its own",
				m.Name, e.Path)
		}
	}
	return nil
}

// document serves metadata of a method, the same to everyone.
func (s *forms) document(c *web.Call, m *method.Configured, e method.Endpoint) error {
	body, mediaType, err := e.Document(c.Ctx(), c.Visit.Origin+c.Visit.Base)
	if err != nil {
		return fmt.Errorf("describing %s: %w", m.Name, err)
	}
	c.Writer.Header().Set("Content-Type", mediaType)
	_, _ = c.Writer.Write(body)
	return nil
}

// stateToken returns the token of the pending sign-in in a provider's answer.
func stateToken(q url.Values) string {
	for _, name := range []string{"state", "RelayState"} {
		if v := q.Get(name); v != "" && len(v) <= MaxStateField {
			token, _, _ := strings.Cut(v, ".")
			return token
		}
	}
	return ""
}

// providerAnswer continues the pending sign-in of an answer: begun by this browser with this method, and waiting for
// it. Any other answer was used before, or belongs to another browser (login CSRF, RFC 9700 §4.7).
func (s *forms) providerAnswer(c *web.Call, m *method.Configured, q url.Values) error {
	if err := s.guard.MustHTTPS(c); err != nil {
		return err
	}
	pend := s.pendings.findPending(c, stateToken(q))
	if pend == nil || !pend.AtProvider || pend.Method != m.Name {
		if _, err := s.guard.Guess(c, ""); err != nil {
			return s.showResult(c, LoginInput{}, nil, err)
		}
		s.dispatcher.emitRefusal(c, nil, m.Name, "an answer to no sign-in of this browser")
		return s.showResult(c, LoginInput{}, nil, problem.StepExpired)
	}
	input := LoginInput{Method: m.Name, Step: pend.Token, To: pend.To, Flow: pend.Flow, Remember: pend.Remember,
		Answered: true, Query: q}
	request := s.flows.ParseLoginRequest(c, input.To, input.Flow)
	err := s.dispatcher.checkSession(c, pend, request)
	var result *LoginResult
	if err == nil {
		result, err = s.dispatcher.proceed(c, input, pend, request)
	}
	return s.showResult(c, input, result, err)
}

// posted is an answer that waits for the browser to come back for it.
type posted struct {
	Method string     `json:"m"`
	Host   string     `json:"h"`
	Values url.Values `json:"v"`
}

// keepPosted stores an answer that another site posted.
func (s *forms) keepPosted(c *web.Call, m *method.Configured, path string) error {
	if err := s.guard.MustHTTPS(c); err != nil {
		return err
	}
	values, err := s.postedForm(c)
	if err != nil {
		return err
	}
	if stateToken(values) == "" {
		return problem.Malformed
	}
	if err := s.guard.NewGuess(c).Count(ticketPosted, AddressBlock(c.Visit.Addr), PostedAnswers); err != nil {
		return err
	}
	payload, err := json.Marshal(posted{Method: m.Name, Host: c.Visit.Host, Values: values})
	if err != nil {
		return err
	}
	secret, err := s.web.Secret(web.SecretBytes)
	if err != nil {
		return err
	}
	until := s.now().Add(postedLife)
	if err := s.sessions.PutTicket(c.Ctx(), ticketPosted, store.KeyOf(secret), payload, until); err != nil {
		return fmt.Errorf("keeping an answer of %s: %w", m.Name, err)
	}
	return c.Redirect(c.Link(path) + "/continue?ticket=" + web.Secret64.EncodeToString(secret))
}

// postedForm reads a form from another site.
func (s *forms) postedForm(c *web.Call) (url.Values, error) {
	if t, _, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type")); err != nil ||
		t != "application/x-www-form-urlencoded" {
		p := *problem.Malformed
		p.Status = http.StatusUnsupportedMediaType
		return nil, &p
	}
	if c.Request.ContentLength > MaxPosted {
		return nil, problem.TooLarge
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, MaxPosted)
	if err := c.Request.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, problem.TooLarge
		}
		return nil, problem.Malformed
	}
	return c.Request.PostForm, nil
}

// continuePosted processes a posted answer, now with the browser's cookie.
func (s *forms) continuePosted(c *web.Call, m *method.Configured) error {
	secret, err := web.Secret64.DecodeString(c.Request.URL.Query().Get("ticket"))
	if err != nil || len(secret) != web.SecretBytes {
		return s.providerAnswer(c, m, nil)
	}
	raw, err := s.sessions.TakeTicket(c.Ctx(), ticketPosted, store.KeyOf(secret))
	if errors.Is(err, store.ErrNotFound) {
		return s.providerAnswer(c, m, nil)
	} else if err != nil {
		return fmt.Errorf("taking an answer of %s: %w", m.Name, err)
	}
	var kept posted
	if json.Unmarshal(raw, &kept) != nil || kept.Method != m.Name || kept.Host != c.Visit.Host {
		return s.providerAnswer(c, m, nil)
	}
	return s.providerAnswer(c, m, kept.Values)
}
