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

// root redirects to the account, or to the login page.
func (s *forms) root(c *web.Call) error {
	active, err := s.callers.session(c)
	if err != nil {
		return err
	}
	if active != nil {
		return c.Redirect(c.Link("/account"))
	}
	return c.Redirect(c.Link("/login"))
}

// loginPage shows the login form, unless the session already satisfies the request.
func (s *forms) loginPage(c *web.Call) error {
	if !c.Visit.Site.Hosted {
		return s.flows.StartFlow(c, "/login")
	}
	if err := s.guard.MustHTTPS(c); err != nil {
		return err
	}
	q := c.Request.URL.Query()
	to, flow := q.Get("to"), q.Get("flow")
	request := s.flows.ParseLoginRequest(c, to, flow)
	active, err := s.callers.session(c)
	if err != nil {
		return err
	}
	if active == nil {
		return s.showLogin(c, http.StatusOK, LoginInput{To: to, Flow: flow}, request, nil, nil)
	}
	if request.MFA && !s.callers.strong(active.Session.Proofs) {
		return s.stepUpPage(c, LoginInput{To: to, Flow: flow}, request)
	}
	if !request.satisfiedBy(s.flows, active) {
		return s.showLogin(c, http.StatusOK, LoginInput{To: to, Flow: flow}, request, nil, nil)
	}
	location, err := s.flows.nextURL(c, active, request, false)
	if err != nil {
		return err
	}
	return c.Redirect(location)
}

// stepUpPage asks for a second factor in a session that has only one. An account without a second factor gets an error
// page here, because the gate would only redirect back.
func (s *forms) stepUpPage(c *web.Call, input LoginInput, request *LoginRequest) error {
	active, u, err := s.callers.MustUser(c)
	if err != nil {
		return err
	}
	factors, err := s.dispatcher.factors(c.Ctx(), &u)
	if err != nil {
		return err
	}
	if len(factors) == 0 {
		data := pages.ForbiddenData{
			User:      userOf(active),
			LogoutURL: c.Link("/logout"),
			Path:      problem.Bounded(request.To, 200),
			Reason:    "mfa",
		}
		return c.Page(http.StatusForbidden, pages.Page{Name: pages.Forbidden, LeavesSite: true, Data: data,
			Problem: web.Message(problem.SecondFactor)})
	}
	next := (&pending{Purpose: method.StepUp, User: u.ID, Version: u.Version, Proofs: active.Session.Proofs,
		Session: active.Session.RootID()}).next("", &u, nil, input)
	request.stepUp = true
	result, err := s.dispatcher.offerFactors(c, factors, next, input, request)
	return s.showResult(c, input, result, err)
}

// loginBegin begins a method that has no form on the login page: it redirects to a provider, or shows the first form.
func (s *forms) loginBegin(c *web.Call) error {
	q := c.Request.URL.Query()
	input := LoginInput{Method: c.Arg, To: q.Get("to"), Flow: q.Get("flow")}
	m := s.dispatcher.method(c.Arg)
	if m == nil {
		return problem.NotFound
	}
	if _, ok := m.Method.(method.LoginNamer); ok {
		return c.Redirect(c.Link("/login") + Query(input))
	}
	if MailProof(m) != nil {
		return c.Redirect(c.Link("/link") + Query(input))
	}
	if input.Step = q.Get("step"); input.Step != "" { // a different second factor than the one that began
		result, err := s.dispatcher.signIn(c, input)
		return s.showResult(c, input, result, err)
	}
	result, err := s.dispatcher.signIn(c, input)
	if err != nil {
		return err
	}
	return s.showResult(c, input, result, nil)
}

// loginForm handles the login form.
func (s *forms) loginForm(c *web.Call) error {
	if err := c.Form(); err != nil {
		return err
	}
	f := c.Request.PostForm
	input := LoginInput{Method: f.Get("method"), Login: f.Get("login"), Step: f.Get("step"), To: f.Get("to"),
		Flow: f.Get("flow"), Remember: f.Get("remember") != "", Answered: formAnswered(f), Field: f.Get,
		JSON: func(name string) json.RawMessage {
			if v := f.Get(name); json.Valid([]byte(v)) {
				return json.RawMessage(v)
			}
			return nil
		}}
	result, err := s.dispatcher.signIn(c, input)
	return s.showResult(c, input, result, err)
}

// inputFields are the fields of a step that no method reads.
var inputFields = []string{"login", "method", "step", "to", "flow", "remember", "trust_device"}

func formAnswered(f url.Values) bool {
	for name := range f {
		if f.Get(name) != "" && !slices.Contains(inputFields, name) {
			return true
		}
	}
	return false
}

// showResult writes the page for the result of a step.
func (s *forms) showResult(c *web.Call, input LoginInput, result *LoginResult, err error) error {
	in := func() *LoginRequest { return s.flows.ParseLoginRequest(c, input.To, input.Flow) }
	switch {
	case err != nil:
		p := problem.Of(err)
		if p.Status >= http.StatusInternalServerError && p.Code != problem.Busy.Code ||
			p.Code == problem.HTTPS.Code || p.Code == problem.SignInBroken.Code {
			return err
		}
		web.SetRetry(c.Writer, p)
		return s.showLogin(c, p.Status, input, in(), p, s.dispatcher.newPasswordAgain(c, input, p))
	case result.Post != nil:
		return s.showPost(c, result.Post)
	case result.Challenge != "":
		c.Writer.Header().Set("WWW-Authenticate", result.Challenge)
		return s.showLogin(c, http.StatusUnauthorized, input, in(), nil, nil)
	case result.Step != nil:
		return s.showLogin(c, http.StatusOK, input, in(), nil, result)
	case result.Added != nil:
		return c.Redirect(c.Link("/account"))
	case result.Session == nil && !result.AtProvider:
		return s.showLogin(c, http.StatusOK, input, in(), nil, nil) // the browser was already challenged
	}
	return c.Redirect(result.Location)
}

// showPost writes a page that submits a form to a provider by itself. Its Content-Security-Policy allows forms to go
// only there.
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

// showLogin writes the login page, with the first form or that of a further step.
func (s *forms) showLogin(
	c *web.Call, status int, input LoginInput, request *LoginRequest, shown *problem.Problem, result *LoginResult,
) error {
	data := pages.LoginData{To: input.To, Flow: input.Flow, Remember: !s.settings.RememberOff,
		Methods: s.methodList(c, input)}
	if s.AnyoneSignsUp() {
		data.SignupURL = c.Link("/signup") + Query(input)
	}
	if s.callers.Mails() && s.accounts.Passwords() != nil {
		data.ForgotURL = c.Link("/forgot") + Query(input)
	}
	if shown != nil && shown.Code == problem.Unconfirmed.Code && s.callers.Mails() {
		data.ResendURL = c.Link("/confirm")
	}
	active, err := s.callers.session(c)
	if err != nil {
		return err
	}
	if active != nil && !request.satisfiedBy(s.flows, active) {
		data.FixedLogin, data.Remember, data.SignupURL = active.Identity.Username, false, ""
		data.Reason = "fresh"
		if request.MFA && !s.callers.strong(active.Session.Proofs) {
			data.Reason = "mfa"
		}
	}
	p := pages.Page{Name: pages.Login, LeavesSite: true,
		Values: map[string]string{"login": problem.Bounded(input.Login, 256)}}
	if input.Remember {
		p.Values["remember"] = "1"
	}
	if m := s.linkMethod(); m != nil && len(data.Methods) == 1 && data.Methods[0].Name == m.Name {
		data.MailForm = true
		if active != nil {
			p.Values["email"] = active.Identity.Email
		}
	}
	if result != nil {
		data.Step = result.Step
		if len(result.Factors) > 0 {
			data.Methods = pageMethods(result.Factors)
			data.Step.Others = s.otherFactors(c, result, input)
			data.Step.Method = result.Factors[0].Name
		}
		if result.NewPasswordFor != "" {
			data.Account = result.NewPasswordFor
			data.Methods, data.Reason, data.MinLength = nil, "new_password", s.accounts.Passwords().MinLength()
		}
	}
	if shown != nil {
		web.ShowProblem(&p, shown)
	}
	p.Data = data
	return c.Page(status, p)
}

// methodList returns the methods to choose from on the login page.
func (s *forms) methodList(c *web.Call, input LoginInput) []pages.Method {
	first := slices.DeleteFunc(slices.Clone(s.methods), func(m method.Configured) bool { return m.Second })
	list := pageMethods(first)
	for i, m := range first {
		if MailProof(&m) != nil {
			list[i].URL = c.Link("/link") + Query(input)
		} else if _, ok := m.Method.(method.LoginNamer); !ok {
			list[i].URL = c.Link("/login/"+url.PathEscape(m.Name)) + Query(input)
		}
	}
	return list
}

func pageMethods(methods []method.Configured) []pages.Method {
	out := make([]pages.Method, 0, len(methods))
	for _, m := range methods {
		out = append(out, pages.Method{Name: m.Name, Kind: m.Method.Kind(), Label: m.Label})
	}
	return out
}

// otherFactors returns the second factors besides the one that began.
func (s *forms) otherFactors(c *web.Call, result *LoginResult, input LoginInput) []pages.Method {
	if result.Step.Method == "" {
		return nil
	}
	q := url.Values{"step": {result.Step.Token}}
	if input.Flow != "" {
		q.Set("flow", input.Flow)
	} else if input.To != "" {
		q.Set("to", input.To)
	}
	others := pageMethods(result.Factors[1:])
	for i := range others {
		others[i].URL = c.Link("/login/"+url.PathEscape(others[i].Name)) + "?" + q.Encode()
	}
	return others
}

// Query returns the query that carries the return URL to a related page.
func Query(input LoginInput) string {
	switch {
	case input.Flow != "":
		return "?flow=" + url.QueryEscape(input.Flow)
	case input.To != "":
		return "?to=" + url.QueryEscape(input.To)
	}
	return ""
}

// stepFields converts the fields of a method for the page.
func stepFields(fields []method.Field) []pages.Field {
	var out []pages.Field
	for _, f := range fields {
		out = append(out, pages.Field(f))
	}
	return out
}

// AnyoneSignsUp reports whether people may sign up without an invitation.
func (s *forms) AnyoneSignsUp() bool {
	return (s.settings.Signup.Mode == settings.SignupOpen || s.settings.Signup.Mode == settings.SignupApproval) &&
		s.accounts.Passwords() != nil
}
