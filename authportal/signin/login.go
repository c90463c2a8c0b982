package signin

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

func (s *forms) signInRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "", Do: s.root, Anywhere: true},
		{Method: http.MethodGet, Path: "/login", Do: s.loginPage, Anywhere: true},
		{Method: http.MethodPost, Path: "/login", Do: s.loginForm, Anywhere: true},
		{Method: http.MethodGet, Path: "/login/{id}", Do: s.loginBegin},
		{Method: http.MethodGet, Path: "/logout", Do: s.logoutPage, Anywhere: true},
		{Method: http.MethodPost, Path: "/logout", Do: s.logoutForm, Anywhere: true},
		{Method: http.MethodGet, Path: "/callback", Secret: true, Do: s.flows.callback, Anywhere: true},
		{Method: http.MethodGet, Path: "/jwks.json", Do: s.callers.jwks, Anywhere: true},
		{Method: http.MethodGet, Path: "/api/v1/session", Do: s.sessionAPI},
		{Method: http.MethodGet, Path: "/api/v1/login", Do: s.loginMethodsAPI},
		{Method: http.MethodPost, Path: "/api/v1/login", Do: s.loginAPI},
		{Method: http.MethodPost, Path: "/api/v1/logout", Do: s.logoutAPI},
	}
}

// root leads to the account, or to signing in.
func (s *forms) root(c *web.Call) error {
	live, err := s.callers.session(c)
	if err != nil {
		return err
	}
	if live != nil {
		return c.Redirect(c.Link("/account"))
	}
	return c.Redirect(c.Link("/login"))
}

// loginPage shows the form, unless there is nothing to ask.
func (s *forms) loginPage(c *web.Call) error {
	if !c.Visit.Site.Hosted {
		return s.flows.StartFlow(c, "/login")
	}
	if err := s.guard.MustHTTPS(c); err != nil {
		return err
	}
	q := c.Request.URL.Query()
	to, flow := q.Get("to"), q.Get("flow")
	in := s.flows.Intent(c, to, flow)
	live, err := s.callers.session(c)
	if err != nil {
		return err
	}
	if live == nil {
		return s.showLogin(c, http.StatusOK, LoginInput{To: to, Flow: flow}, in, nil, nil)
	}
	if in.MFA && !s.callers.strong(live.Session.Proofs) {
		return s.askFactor(c, LoginInput{To: to, Flow: flow}, in)
	}
	if !in.satisfied(s.flows, live) {
		return s.showLogin(c, http.StatusOK, LoginInput{To: to, Flow: flow}, in, nil, nil)
	}
	where, err := s.flows.onward(c, live, in, false)
	if err != nil {
		return err
	}
	return c.Redirect(where)
}

// askFactor asks somebody who is signed in for a second factor; who has none is told so, here, for the gate would only
// send them back.
func (s *forms) askFactor(c *web.Call, t LoginInput, in *LoginRequest) error {
	live, u, err := s.callers.MustUser(c)
	if err != nil {
		return err
	}
	factors, err := s.dispatcher.factors(c.Ctx(), &u)
	if err != nil {
		return err
	}
	if len(factors) == 0 {
		return c.Page(http.StatusForbidden, pages.Page{Name: pages.Forbidden, LeavesSite: true, Data: pages.ForbiddenData{
			User:      userOf(live),
			LogoutURL: c.Link("/logout"),
			Path:      problem.Bounded(in.To, 200),
			Reason:    "mfa",
		}, Problem: web.Message(problem.SecondFactor)})
	}
	next := (&pending{Purpose: method.StepUp, User: u.ID, Version: u.Version, Proofs: live.Session.Proofs,
		Session: live.Session.RootID()}).next("", &u, nil, t)
	in.further = true
	out, err := s.dispatcher.offerFactors(c, factors, next, t, in)
	return s.loginAnswer(c, t, out, err)
}

// loginBegin begins to sign in by a method that has no form on the login page: it leads to a provider, or to the form of
// its first step.
func (s *forms) loginBegin(c *web.Call) error {
	q := c.Request.URL.Query()
	t := LoginInput{Method: c.Arg, To: q.Get("to"), Flow: q.Get("flow")}
	m := s.dispatcher.method(c.Arg)
	if m == nil {
		return problem.NotFound
	}
	if _, ok := m.Method.(method.LoginNamer); ok {
		return c.Redirect(c.Link("/login") + Query(t))
	}
	if MailProof(m) != nil {
		return c.Redirect(c.Link("/link") + Query(t))
	}
	if t.Step = q.Get("step"); t.Step != "" { // another second factor than the one that was begun
		out, err := s.dispatcher.signIn(c, t)
		return s.loginAnswer(c, t, out, err)
	}
	out, err := s.dispatcher.signIn(c, t)
	if err != nil {
		return err
	}
	return s.loginAnswer(c, t, out, nil)
}

// loginForm is the form's face of signIn.
func (s *forms) loginForm(c *web.Call) error {
	if err := c.Form(); err != nil {
		return err
	}
	f := c.Request.PostForm
	t := LoginInput{Method: f.Get("method"), Login: f.Get("login"), Step: f.Get("step"), To: f.Get("to"), Flow: f.Get("flow"),
		Remember: f.Get("remember") != "", Answers: formAnswers(f), Field: f.Get, JSON: func(name string) json.RawMessage {
			if v := f.Get(name); json.Valid([]byte(v)) {
				return json.RawMessage(v)
			}
			return nil
		}}
	out, err := s.dispatcher.signIn(c, t)
	return s.loginAnswer(c, t, out, err)
}

// envelope are the fields of a sign-in that are no answer of the person to a method.
var envelope = []string{"login", "method", "step", "to", "flow", "remember", "trust_device"}

func formAnswers(f url.Values) bool {
	for name := range f {
		if f.Get(name) != "" && !slices.Contains(envelope, name) {
			return true
		}
	}
	return false
}

// loginAnswer tells the outcome of a step on a page.
func (s *forms) loginAnswer(c *web.Call, t LoginInput, out *LoginResult, err error) error {
	in := func() *LoginRequest { return s.flows.Intent(c, t.To, t.Flow) }
	switch {
	case err != nil:
		p := problem.Of(err)
		if p.Status >= http.StatusInternalServerError && p.Code != problem.Busy.Code || p.Code == problem.HTTPS.Code || p.Code == problem.SignInBroken.Code {
			return err
		}
		web.SetRetry(c.Writer, p)
		return s.showLogin(c, p.Status, t, in(), p, s.dispatcher.chooseAgain(c, t, p))
	case out.Post != nil:
		return s.showPost(c, out.Post)
	case out.Challenge != "":
		c.Writer.Header().Set("WWW-Authenticate", out.Challenge)
		return s.showLogin(c, http.StatusUnauthorized, t, in(), nil, nil)
	case out.Step != nil:
		return s.showLogin(c, http.StatusOK, t, in(), nil, out)
	case out.Added != nil:
		return c.Redirect(c.Link("/account"))
	case out.Live == nil && !out.Provider:
		return s.showLogin(c, http.StatusOK, t, in(), nil, nil) // the browser was challenged before
	}
	return c.Redirect(out.Location)
}

// showPost writes the page that sends a form to a provider by itself. Its policy lets forms go there and nowhere else.
func (s *forms) showPost(c *web.Call, to *method.PostForm) error {
	post := &pages.Post{URL: to.URL}
	for _, name := range slices.Sorted(maps.Keys(to.Fields)) {
		for _, v := range to.Fields[name] {
			post.Fields = append(post.Fields, pages.Field{Name: name, Value: v})
		}
	}
	u, err := url.Parse(to.URL)
	if err != nil {
		return err
	}
	return c.Page(http.StatusOK, pages.Page{Name: pages.Login, FormAction: u.Scheme + "://" + u.Host,
		Data: pages.LoginData{Post: post}})
}

// showLogin writes the page: the first form, or that of a further step.
func (s *forms) showLogin(c *web.Call, status int, t LoginInput, in *LoginRequest, shown *problem.Problem, out *LoginResult) error {
	data := pages.LoginData{To: t.To, Flow: t.Flow, Remember: !s.set.RememberOff, Methods: s.methodList(c, t)}
	if s.AnyoneSignsUp() {
		data.SignupURL = c.Link("/signup") + Query(t)
	}
	if s.callers.Mails() && s.accounts.Passwords() != nil {
		data.ForgotURL = c.Link("/forgot") + Query(t)
	}
	if shown != nil && shown.Code == problem.Unconfirmed.Code && s.callers.Mails() {
		data.ResendURL = c.Link("/confirm")
	}
	live, err := s.callers.session(c)
	if err != nil {
		return err
	}
	if live != nil && !in.satisfied(s.flows, live) {
		data.FixedLogin, data.Remember, data.SignupURL = live.Identity.Username, false, ""
		data.Reason = "fresh"
		if in.MFA && !s.callers.strong(live.Session.Proofs) {
			data.Reason = "mfa"
		}
	}
	p := pages.Page{Name: pages.Login, LeavesSite: true, Values: map[string]string{"login": problem.Bounded(t.Login, 256)}}
	if t.Remember {
		p.Values["remember"] = "1"
	}
	if m := s.linkMethod(); m != nil && len(data.Methods) == 1 && data.Methods[0].Name == m.Name {
		data.MailForm = true
		if live != nil {
			p.Values["email"] = live.Identity.Email
		}
	}
	if out != nil {
		data.Step = out.Step
		if len(out.Factors) > 0 {
			data.Methods = named(out.Factors)
			data.Step.Others = s.otherFactors(c, out, t)
			data.Step.Method = out.Factors[0].Name
		}
		if out.Choose != "" {
			data.Account = out.Choose
			data.Methods, data.Reason, data.MinLength = nil, "new_password", s.accounts.Passwords().MinLength()
		}
	}
	if shown != nil {
		web.ShowProblem(&p, shown)
	}
	p.Data = data
	return c.Page(status, p)
}

// methodList is what people may choose from.
func (s *forms) methodList(c *web.Call, t LoginInput) []pages.Method {
	first := slices.DeleteFunc(slices.Clone(s.methods), func(m method.Configured) bool { return m.Second })
	list := named(first)
	for i, m := range first {
		if MailProof(&m) != nil {
			list[i].URL = c.Link("/link") + Query(t)
		} else if _, ok := m.Method.(method.LoginNamer); !ok {
			list[i].URL = c.Link("/login/"+url.PathEscape(m.Name)) + Query(t)
		}
	}
	return list
}

func named(methods []method.Configured) []pages.Method {
	out := make([]pages.Method, 0, len(methods))
	for _, m := range methods {
		out = append(out, pages.Method{Name: m.Name, Kind: m.Method.Kind(), Label: m.Label})
	}
	return out
}

// otherFactors offers those beside the one that was begun.
func (s *forms) otherFactors(c *web.Call, out *LoginResult, t LoginInput) []pages.Method {
	if out.Step.Method == "" {
		return nil
	}
	q := url.Values{"step": {out.Step.Token}}
	if t.Flow != "" {
		q.Set("flow", t.Flow)
	} else if t.To != "" {
		q.Set("to", t.To)
	}
	others := named(out.Factors[1:])
	for i := range others {
		others[i].URL = c.Link("/login/"+url.PathEscape(others[i].Name)) + "?" + q.Encode()
	}
	return others
}

// Query hands the goal on to a sibling page.
func Query(t LoginInput) string {
	switch {
	case t.Flow != "":
		return "?flow=" + url.QueryEscape(t.Flow)
	case t.To != "":
		return "?to=" + url.QueryEscape(t.To)
	}
	return ""
}

// stepFields returns what a method asks for as pages show it.
func stepFields(fields []method.Field) []pages.Field {
	var out []pages.Field
	for _, f := range fields {
		out = append(out, pages.Field(f))
	}
	return out
}

// AnyoneSignsUp reports whether people without an invitation may make an account.
func (s *forms) AnyoneSignsUp() bool {
	return (s.set.Signup.Mode == settings.SignupOpen || s.set.Signup.Mode == settings.SignupApproval) && s.accounts.Passwords() != nil
}
